// SPDX-License-Identifier: GPL-3.0-or-later
#include "guard/follow.h"

#include <errno.h>
#include <poll.h>
#include <pwd.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"

#define POSTSCREEN "postfix/postscreen"

/* sshd's processes are root's, and one by one of this name. */
static int add_matches(sd_journal *journal, struct error *error)
{
	const struct passwd *postfix = getpwnam("postfix");
	_cleanup_free_ char *uid = NULL;
	int result;

	result = sd_journal_add_match(journal, "_UID=0", 0);
	if (result >= 0)
		result = sd_journal_add_match(journal, "_COMM=sshd-session", 0);
	if (result >= 0 && postfix) {
		if (asprintf(&uid, "_UID=%u", postfix->pw_uid) < 0)
			return error_set(error, ENOMEM, "out of memory");
		result = sd_journal_add_disjunction(journal);
		if (result >= 0)
			result = sd_journal_add_match(journal, uid, 0);
		if (result >= 0)
			result = sd_journal_add_match(journal, "SYSLOG_IDENTIFIER=" POSTSCREEN, 0);
	}
	return result < 0 ? error_errno(error, result, "the journal cannot be searched") : 0;
}

static uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

int follow_open(struct follow *follow, const char *folder, struct error *error)
{
	sd_journal *journal = NULL;
	int result = folder ? sd_journal_open_directory(&journal, folder, 0)
			    : sd_journal_open(&journal, SD_JOURNAL_LOCAL_ONLY);

	if (result < 0)
		return error_errno(error, result, "the journal cannot be opened");
	*follow = (struct follow){journal};
	result = add_matches(journal, error);
	if (result == 0) {
		result = sd_journal_set_data_threshold(journal, FOLLOW_LINE);
		if (result >= 0)
			/* Not the tail: with no line of ours before it, none would come after. */
			result = sd_journal_seek_realtime_usec(journal, now_us());
		if (result >= 0)
			result = sd_journal_get_fd(journal);
		if (result < 0)
			error_errno(error, result, "the journal cannot be followed");
	}
	if (result < 0)
		follow_close(follow);
	return result < 0 ? result : 0;
}

void follow_close(struct follow *follow)
{
	if (follow->journal)
		sd_journal_close(follow->journal);
	*follow = (struct follow){NULL};
}

int follow_polled(const struct follow *follow, short *ret_events, int64_t *ret_due_ms)
{
	uint64_t due_us;
	int events = sd_journal_get_events(follow->journal);

	*ret_events = events > 0 ? (short)events : POLLIN;
	*ret_due_ms = INT64_MAX;
	/* Of CLOCK_MONOTONIC; ours does not stop while the machine sleeps, and so is not before. */
	if (sd_journal_get_timeout(follow->journal, &due_us) >= 0 && due_us != UINT64_MAX)
		*ret_due_ms = (int64_t)(due_us / 1000) + 1;
	return sd_journal_get_fd(follow->journal);
}

static struct slice field_of(sd_journal *journal, const char *name)
{
	size_t size, skip = strlen(name) + 1;
	const void *data;

	if (sd_journal_get_data(journal, name, &data, &size) < 0 || size < skip)
		return (struct slice){"", 0};
	return (struct slice){(const char *)data + skip, size - skip};
}

int follow_next(struct follow *follow, enum line_source *ret_source, struct slice *ret_text,
		struct error *error)
{
	int result = sd_journal_process(follow->journal);

	if (result >= 0)
		result = sd_journal_next(follow->journal);
	if (result < 0)
		return error_errno(error, result, "the journal cannot be read");
	if (result == 0)
		return 0;
	*ret_source = slice_equal(field_of(follow->journal, "_UID"), SLICE("0")) ? LINE_SSHD
										 : LINE_POSTSCREEN;
	*ret_text = field_of(follow->journal, "MESSAGE");
	return 1;
}
