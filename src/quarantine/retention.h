// SPDX-License-Identifier: GPL-3.0-or-later
/* When the time of a message in quarantine is over.
 *
 * The machine's clock can be wrong by years, before it is set or for ever, and a message
 * that was removed by mistake does not come back.  So the age is not read off a file: it
 * is the time since the daily job first saw the message, by a clock of the job's own,
 * which follows the machine's backwards at once and forwards by at most two days a run.
 * A clock that jumps by 400 days removes nothing that day, and there is most of a year to
 * set it right; a machine that was switched off for a while catches up. */
#ifndef POSTCASK_QUARANTINE_RETENTION_H
#define POSTCASK_QUARANTINE_RETENTION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/diary.h"
#include "quarantine/quarantine.h"

/* The diary of this run: a line for each item, as it was before or as first seen now. */
_must_check_ int retention_update(const struct diary *before, const struct quarantine_items *items,
				  int64_t now, struct diary *ret_diary, struct error *error);

/* Removes what was seen for more than `days` (0: nothing ever is), here and from the
 * diary, each with a line in the journal.  *ret_count is how many. */
_must_check_ int retention_expire(const struct quarantine *quarantine,
				  const struct quarantine_items *items, struct diary *diary,
				  unsigned days, size_t *ret_count, struct error *error);

#endif
