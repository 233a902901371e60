// SPDX-License-Identifier: GPL-3.0-or-later
#include "guard/follow.h"

#include <errno.h>
#include <poll.h>
#include <pwd.h>
#include <stdlib.h>

#include "base/journal_news.h"

#define POSTSCREEN "postfix/postscreen"

/* sshd's processes are root's, and one by one of this name. */
int follow_open(struct follow *follow, const char *folder, struct error *error)
{
	const struct passwd *postfix = getpwnam("postfix");
	_cleanup_free_ char *uid = NULL;
	const char *matches[] = {"_UID=0", "_COMM=sshd-session", NULL, NULL,
				 "SYSLOG_IDENTIFIER=" POSTSCREEN};
	size_t count = postfix ? ARRAY_SIZE(matches) : 2;

	*follow = (struct follow){NULL};
	if (postfix && asprintf(&uid, "_UID=%u", postfix->pw_uid) < 0) {
		uid = NULL;
		return error_set(error, ENOMEM, "out of memory");
	}
	matches[3] = uid;
	return journal_news_open(folder, matches, count, FOLLOW_LINE, &follow->journal, error);
}

void follow_close(struct follow *follow)
{
	journal_news_close(&follow->journal);
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
	*ret_source = slice_equal(journal_field(follow->journal, "_UID"), SLICE("0"))
			  ? LINE_SSHD
			  : LINE_POSTSCREEN;
	*ret_text = journal_field(follow->journal, "MESSAGE");
	return 1;
}
