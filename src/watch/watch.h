// SPDX-License-Identifier: GPL-3.0-or-later
/* Which parts of the mail path hang: a part that takes a question, gives no answer
 * and does no work meanwhile, several times in a row.  Who is slow, loads its data
 * or has too much to do uses the processor, and is left alone.  And whether the wall
 * clock was set back, after which Dovecot starts nothing and Postfix waits for times that
 * have been before. */
#ifndef POSTCASK_WATCH_H
#define POSTCASK_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"

enum {
	WATCH_PERIOD_MS = 5 * 1000, /* from one round to the next */
	WATCH_ANSWER_MS = 5 * 1000, /* for one answer */
	WATCH_SILENT = 3,	    /* times without an answer, and without work */
	WATCH_IDLE_US = 50 * 1000,  /* processor time from one question to the next that is no work;
				     * of a  program that is not asked, any is work */
	WATCH_STEP_MS = 1000,	    /* what is less is how a clock is kept right */
};

struct watched {
	const char *unit;
	const char *program;	     /* NULL: asked; or the one of the unit's programs that serves
				      * `address`, and owes an answer to whoever is connected */
	const char *address;	     /* numeric, or the path of a unix socket */
	unsigned port;		     /* 53: a name is asked for; otherwise a stream */
	const char *question;	     /* NULL: the server speaks first */
	const char *answer;	     /* how it begins */
	const struct watched *needs; /* NULL, or a part for which this one waits */
	unsigned patience;	     /* how often it may be silent and idle; 0: WATCH_SILENT */
	unsigned silent;	     /* times in a row */
	uint64_t used_us;	     /* processor time of the unit at the last question */
};

/* What one question came to. */
enum watch_result {
	WATCH_ANSWERED,
	WATCH_ABSENT, /* nobody listens, or the unit has no process: systemd's business */
	WATCH_NO_ANSWER,
	WATCH_WAITS_FOR_DISK, /* no answer, while the kernel fetches something for it: it loads,
			       * from a slow disk, and no signal would end that wait */
};

/* Asks once. */
enum watch_result watch_ask(const struct watched *watched);

/* True when somebody is connected to the unix socket at `address`, or waits to be, in `list`
 * (/proc/net/unix). */
_must_check_ bool watch_connected(const char *list, const char *address);

/* Counts the result; `used_us` is the unit's processor time so far.  True when it is
 * known to hang: the count then begins anew. */
_must_check_ bool watch_count(struct watched *watched, enum watch_result result, uint64_t used_us);

/* Processor time of a part's processes in microseconds, from `cgroups`, the folder of
 * the units' control groups.  False when it has none. */
_must_check_ bool watch_processor_time(const char *cgroups, const struct watched *watched,
				       uint64_t *ret_us);

/* The wall clock at the last look, against the time that the machine runs. */
struct watch_clock {
	int64_t offset_ms;
	bool known;
};

/* True when the wall clock was set back since the last call, both times in
 * milliseconds: now, and since the kernel's start. */
_must_check_ bool watch_clock_set_back(struct watch_clock *clock, int64_t wall_ms,
				       int64_t running_ms);

#endif
