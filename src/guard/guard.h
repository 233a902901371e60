// SPDX-License-Identifier: GPL-3.0-or-later
/* The guard's own part: what is heard goes to the judge, who is to be kept away into the kernel's
 * table and the file.  Whatever of these fails is said once, and tried again. */
#ifndef POSTCASK_GUARD_GUARD_H
#define POSTCASK_GUARD_GUARD_H

#include <sys/types.h>

#include "guard/judge.h"
#include "guard/never.h"
#include "guard/uses.h"

enum {
	GUARD_WRITE_MS = 200,	/* between two writes of bans */
	GUARD_RETRY_MS = 10000, /* what the kernel refused */
	GUARD_COUNT_MS = 60000, /* how many there still are */
};

struct guard {
	struct judge judge;
	struct never never;
	const char *state;     /* the file that lasts */
	const char *report;    /* what everybody may know: how many there are */
	const char *uses_file; /* postcask-directory's to read */
	struct uses uses;
	bool broken; /* the kernel's table is not as it should be */
	int64_t retry_ms, write_ms, count_ms;
	size_t reported; /* bans */
	pid_t writer;	 /* a child that writes the file; 0: none */
};

/* Reads the file, and makes the kernel's table. */
_must_check_ int guard_begin(struct guard *guard, struct error *error);

/* Somebody failed, or logged in. */
void guard_fail(struct guard *guard, const struct network *network, const struct judge_try *try);
void guard_succeed(struct guard *guard, const struct network *network);

/* Somebody logged in by an app password. */
void guard_use(struct guard *guard, const struct use *use);

/* By hand: bans for `seconds` (0: as long as it is its turn).  -EPERM with the reason for who is
 * never banned. */
_must_check_ int guard_ban(struct guard *guard, const struct network *network, const char *reason,
			   int64_t seconds, struct error *error);

/* *ret_was: it was banned. */
_must_check_ int guard_forgive(struct guard *guard, const struct network *network, bool *ret_was,
			       struct error *error);

/* Writes what is to be written, tries again what failed.  To be called before each wait; the
 * result is when it wants to be called again, at the latest (clock_now_ms). */
int64_t guard_work(struct guard *guard);

/* Writes what is not written.  `unwanted`: it will not run any more, and bans end with it. */
void guard_end(struct guard *guard, bool unwanted);

#endif
