// SPDX-License-Identifier: GPL-3.0-or-later
/* What lasts over a boot: bans in force, how long the last one was, and from where somebody has
 * logged in.  A line a network:
 *
 *	ADDRESS SINCE UNTIL TIMES GOOD REASON
 *
 * with times in seconds since 1970, and the reason to the end of the line.  A line that makes no
 * sense is passed over; a file that does not is none. */
#ifndef POSTCASK_GUARD_STATE_H
#define POSTCASK_GUARD_STATE_H

#include "base/error.h"
#include "guard/judge.h"

enum { STATE_LIMIT = JUDGE_NETWORKS * 320 };

/* Takes what a text says. */
void state_take(struct judge *judge, struct slice text, int64_t now);

/* 0 without a file too. */
_must_check_ int state_read(struct judge *judge, const char *path, int64_t now,
			    struct error *error);

/* Replaces the file at once. */
_must_check_ int state_write(const struct judge *judge, const char *path, int64_t now,
			     struct error *error);

#endif
