// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask-account: follows the journal and keeps the account of every message.  See
 * postcask-account(8).
 *
 * It sleeps until the journal or the quarantine changes.  While a message is open it also
 * looks at the real queue once a minute: what is neither ended nor there is missing. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/listen.h"
#include "base/options.h"
#include "ledger/keeper.h"
#include "queue/spool.h"

enum {
	LOCK_MS = 10000,
	GRACE_SECONDS = 60,
	GRACE_LIMIT = 3600,
};

static const char usage[] =
    "usage: postcask-account [--grace SECONDS]\n"
    "Follows the journal and keeps the account of every message.\n"
    "  --grace SECONDS    how long a message may be nowhere before it is missing (60)\n";

/* What wakes it besides the journal. */
struct wakers {
	int signals, watch;
};

/* 1 when it shall end. */
static int wait_for_news(struct keeper *keeper, const struct wakers *wakers, bool more,
			 struct error *error)
{
	char events[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	sd_journal *journal = keeper->journal.journal;
	struct pollfd polled[] = {
	    {sd_journal_get_fd(journal), (short)sd_journal_get_events(journal), 0},
	    {wakers->watch, POLLIN, 0},
	    {wakers->signals, POLLIN, 0},
	};
	int64_t due = keeper_next_due(keeper);
	int timeout = more ? 0 : due == INT64_MAX ? -1 : clock_left_ms(due);

	if (poll(polled, ARRAY_SIZE(polled), timeout) < 0 && errno != EINTR)
		return error_errno(error, errno, "poll");
	if (polled[2].revents)
		return 1;
	if (polled[0].revents && sd_journal_process(journal) < 0)
		return error_set(error, EIO, "the journal cannot be followed");
	if (!polled[1].revents)
		return 0;
	while (read(wakers->watch, events, sizeof(events)) > 0)
		;
	keeper->quarantine_changed = true;
	return 0;
}

static int follow(struct keeper *keeper, const struct wakers *wakers, struct error *error)
{
	bool more = true, looked = false;
	int result = 0;

	while (result == 0) {
		result = keeper_read(keeper, &more, error);
		if (result == 0 && !more && !looked) {
			result = keeper_look(keeper, error);
			looked = true;
		}
		if (result == 0 && !more)
			result = keeper_do_due(keeper, error);
		if (result == 0)
			result = wait_for_news(keeper, wakers, more, error);
	}
	return result < 0 ? result : keeper_end(keeper, error);
}

static int prepare(const struct keeper *keeper, struct wakers *wakers, struct error *error)
{
	int result = listen_end(&wakers->signals, error);

	if (result < 0)
		return result;
	wakers->watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (wakers->watch < 0)
		return error_errno(error, errno, "cannot wait");
	if (inotify_add_watch(wakers->watch, keeper->quarantine,
			      IN_DELETE | IN_MOVE | IN_CREATE | IN_ONLYDIR) < 0)
		return error_errno(error, errno, "%s", keeper->quarantine);
	return 0;
}

static int run(struct keeper *keeper, struct error *error)
{
	_cleanup_free_ char *lock_path = file_join(keeper->run, "lock");
	_cleanup_close_ int lock = -1;
	struct wakers wakers;
	int result = lock_path ? file_lock(lock_path, LOCK_MS, &lock, error)
			       : error_set(error, ENOMEM, "out of memory");

	/* whoever asks whether it runs looks at the lock */
	if (result == 0 && fchmod(lock, 0644) < 0)
		result = error_errno(error, errno, "%s", lock_path);
	if (result == 0)
		result = prepare(keeper, &wakers, error);
	if (result == 0)
		result = keeper_begin(keeper, error);
	return result < 0 ? result : follow(keeper, &wakers, error);
}

static int take_grace(void *into, const char *text, struct error *error)
{
	struct keeper *keeper = into;
	struct slice number = slice_of(text);
	long long seconds;

	if (!slice_number(&number, &seconds) || number.size || seconds < 1 || seconds > GRACE_LIMIT)
		return error_set(error, EINVAL,
				 "--grace %s: write a number of seconds from 1 to %d", text,
				 GRACE_LIMIT);
	keeper->grace = (uint64_t)seconds * 1000000;
	return 0;
}

int main(int argc, char **argv)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	static struct keeper keeper = {
	    .state_file = "/var/lib/postcask/account/state",
	    .spool = SPOOL_FOLDER,
	    .quarantine = QUARANTINE_FOLDER,
	    .run = "/run/postcask/account",
	    .grace = (uint64_t)GRACE_SECONDS * 1000000,
	};
	const struct command_option options[] = {{"grace", .take = take_grace, .into = &keeper}};
	int result = COMMAND_OPTIONS(argc, argv, options, usage, 0, 0);

	if (result != COMMAND_GO_ON)
		return result;
	result = run(&keeper, &error);
	keeper_free(&keeper);
	if (result < 0)
		error_print(&error);
	return result < 0 ? EXIT_FAILURE : 0;
}
