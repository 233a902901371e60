// SPDX-License-Identifier: GPL-3.0-or-later
/* How much there was in the last hour or day: a ring of counts, one for each step of the time.
 *
 * It has a step more than the time it stands for, because the newest is not over yet: what it
 * says is never less than what there was in any hour, and at most a step's worth more.  Numbers
 * alone, so that a row of a table is saved as it is.  A clock that was set back stands still; one
 * that was wrong by more than the window begins anew. */
#ifndef POSTCASK_POLICY_LIMIT_WINDOW_H
#define POSTCASK_POLICY_LIMIT_WINDOW_H

#include <stdint.h>

struct limit_window {
	uint32_t *numbers; /* borrowed: the step of the newest, and `steps` counts */
	unsigned steps;
	unsigned seconds; /* of a step */
};

/* How many numbers a window needs. */
#define LIMIT_WINDOW_NUMBERS(steps) ((steps) + 1)

/* `now`: seconds since 1970. */
uint64_t limit_window_sum(const struct limit_window *window, int64_t now);
void limit_window_add(const struct limit_window *window, uint32_t count, int64_t now);

/* Counts what was at `then`, and is forgotten when that is too long ago: what was kept on a disk,
 * in any order. */
void limit_window_restore(const struct limit_window *window, uint32_t count, int64_t then,
			  int64_t now);

/* When there will be room for `count` below `most`, if nothing comes meanwhile: 0 for now or for
 * never. */
int64_t limit_window_open(const struct limit_window *window, uint32_t count, uint32_t most,
			  int64_t now);

#endif
