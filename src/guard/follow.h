// SPDX-License-Identifier: GPL-3.0-or-later
/* The journal's new lines that guard/line.h reads, from now on.  By whom a line was written the
 * journal itself says (systemd.journal-fields(7), "trusted"): what somebody else writes under the
 * same name is not looked at. */
#ifndef POSTCASK_GUARD_FOLLOW_H
#define POSTCASK_GUARD_FOLLOW_H

#include <systemd/sd-journal.h>

#include "base/error.h"
#include "guard/line.h"

enum { FOLLOW_LINE = 1024 };

struct follow {
	sd_journal *journal;
};

/* `folder`: of a journal, NULL: the machine's. */
_must_check_ int follow_open(struct follow *follow, const char *folder, struct error *error);
void follow_close(struct follow *follow);

/* A descriptor for poll(2), its events, and when to look even without (milliseconds of
 * clock_now_ms, INT64_MAX: never). */
int follow_polled(const struct follow *follow, short *ret_events, int64_t *ret_due_ms);

/* The next line; 1, or 0 when there is none yet.  The text is valid until the next call. */
_must_check_ int follow_next(struct follow *follow, enum line_source *ret_source,
			     struct slice *ret_text, struct error *error);

#endif
