// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask-search: has mailboxes indexed that were there before the index was, and makes indexes of
 * words anew that a power cut has damaged.  See
 * postcask-search(8). */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/journal_news.h"
#include "base/json_file.h"
#include "base/listen.h"
#include "base/options.h"
#include "base/process.h"
#include "search/first.h"
#include "search/trouble.h"

static const char usage[] = "usage: postcask-search\n"
			    "Has mailboxes indexed, and makes damaged indexes of words anew.\n";

#define STATE_FILE   "/run/postcask/search/report.json"
#define MARKS_FOLDER "/var/lib/postcask/search"

enum {
	REMOVE_MS = 60 * 1000,
	INDEX_MS = 4 * 60 * 60 * 1000, /* of a million messages */
	LINE = 2048,
};

struct follower {
	sd_journal *journal;
	struct troubles troubles;
	struct first first;
	bool first_over;
	json_int_t made, failed; /* since it was started */
	int signals;
};

/* ---- One index ---- */

static int run(const char *user, int timeout_ms, const char *const *argv, struct error *error)
{
	_cleanup_(buffer_free) struct buffer name = BUFFER_INIT, said = BUFFER_INIT;
	struct process process = {.argv = argv, .timeout_ms = timeout_ms};
	int status;

	buffer_addf(&name, "USER=%s", user);
	process.environment = (const char *const[]){buffer_text(&name), "PATH=/usr/bin:/bin", NULL};
	status = process_run(&process, &said, error);
	if (status <= 0)
		return status;
	return error_set(error, EIO, "doveadm: %s", buffer_text(&said));
}

static int index_all(const char *user, struct error *error)
{
	return run(user, INDEX_MS, (const char *const[]){"doveadm", "index", "-u", user, "*", NULL},
		   error);
}

/* `doveadm fts rescan` reads the index, and so fails as the search did: it is removed first. */
static int make_anew(const char *user, struct error *error)
{
	int code = run(
	    user, REMOVE_MS,
	    (const char *const[]){"doveadm", "fts", "flatcurve", "remove", "-u", user, "*", NULL},
	    error);

	return code < 0 ? code : index_all(user, error);
}

static void say_state(const struct follower *follower)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_json_ json_t *state =
	    json_pack("{s:I, s:I, s:I}", "made", follower->made, "failed", follower->failed, "when",
		      (json_int_t)time(NULL));

	if (json_file_replace(STATE_FILE, state, 0, 0644, &error) < 0)
		error_print(&error);
}

static void heal(struct follower *follower, const char *user)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;

	if (!trouble_due(&follower->troubles, user, clock_now_ms()))
		return;
	printf("<5>the index of words of %s is damaged: it is made anew\n", user);
	if (make_anew(user, &error) == 0) {
		follower->made++;
		printf("<6>the index of words of %s is whole again\n", user);
	} else {
		follower->failed++;
		error_print(&error);
		printf("<4>the index of words of %s could not be made anew\n", user);
	}
	say_state(follower);
}

/* One mailbox that was there before.  One that cannot be indexed is tried again at the next start.
 */
static void index_next(struct follower *follower)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	char user[TROUBLE_USER];
	int code;

	follower->first_over = !first_next(&follower->first, user);
	if (follower->first_over)
		return;
	code = index_all(user, &error);
	if (code == 0)
		code = first_done(&follower->first, user, &error);
	if (code < 0)
		error_print(&error);
}

/* ---- The journal ---- */

/* Errors of Dovecot's log process, from now on: what is damaged shows itself at every search. */
static int open_journal(sd_journal **journal, struct error *error)
{
	static const char *const matches[] = {"_SYSTEMD_UNIT=dovecot.service",
					      "SYSLOG_IDENTIFIER=dovecot", "_UID=0", "PRIORITY=3"};

	return journal_news_open(NULL, matches, ARRAY_SIZE(matches), LINE, journal, error);
}

static void read_news(struct follower *follower)
{
	char user[TROUBLE_USER];

	while (sd_journal_next(follower->journal) > 0)
		if (trouble_read(journal_field(follower->journal, "MESSAGE"), user))
			heal(follower, user);
}

static int follow(struct follower *follower, struct error *error)
{
	for (;;) {
		struct pollfd polled[] = {
		    {sd_journal_get_fd(follower->journal),
		     (short)sd_journal_get_events(follower->journal), 0},
		    {follower->signals, POLLIN, 0},
		};

		read_news(follower);
		if (!follower->first_over)
			index_next(follower);
		if (poll(polled, ARRAY_SIZE(polled), follower->first_over ? -1 : 0) < 0 &&
		    errno != EINTR)
			return error_errno(error, errno, "poll");
		if (polled[1].revents)
			return 0;
		if (sd_journal_process(follower->journal) < 0)
			return error_set(error, EIO, "the journal cannot be followed");
	}
}

int main(int argc, char **argv)
{
	static struct follower follower = {.first = {.mail = "/var/vmail", .marks = MARKS_FOLDER}};
	_cleanup_(journal_news_close) sd_journal *journal = NULL;
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	int code, status = command_options(argc, argv, NULL, 0, usage, 0, 0);

	if (status != COMMAND_GO_ON)
		return status;
	setvbuf(stdout, NULL, _IOLBF, 0);
	code = listen_end(&follower.signals, &error);
	if (code == 0)
		code = open_journal(&journal, &error);
	follower.journal = journal;
	if (code == 0)
		code = follow(&follower, &error);
	if (code < 0) {
		error_print(&error);
		return COMMAND_FAILED;
	}
	return COMMAND_GOOD;
}
