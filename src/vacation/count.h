// SPDX-License-Identifier: GPL-3.0-or-later
/* How many are answered for one person in a day.  The day's senders stand in a file for each
 * person, as hashes, so that who writes often is counted once; there are never more of them than
 * may be answered, and the next day begins anew.  Days are UTC's. */
#ifndef POSTCASK_VACATION_COUNT_H
#define POSTCASK_VACATION_COUNT_H

#include <stdbool.h>
#include <time.h>

#include "base/error.h"
#include "base/slice.h"

#define COUNT_FOLDER "/var/lib/postcask/answers/count"
#define COUNT_OWN    "/etc/postcask/own-domains"

enum { COUNT_PER_DAY = 200, COUNT_HASH = 16 };

/* Whether `sender` may be answered for `user` today; then it is counted, and that is on the disk.
 * A file that makes no sense is begun anew.  -ETIME when others hold the folder for too long. */
_must_check_ int count_answer(const char *folder, const char *user, const char *sender, time_t now,
			      bool *ret_allowed, struct error *error);

/* The state after one more sender; false, and nothing added, when the day is full.  `known` is set
 * when the sender has been counted before.  For count_answer, and for tests. */
bool count_step(struct slice state, long long day, struct slice hash, struct buffer *next,
		bool *ret_known);

/* Is the sender's domain one of the list, one a line? */
bool count_is_own(struct slice domains, const char *sender);

#endif
