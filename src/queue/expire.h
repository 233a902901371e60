// SPDX-License-Identifier: GPL-3.0-or-later
/* When a message has waited long enough for somebody else.
 *
 * Postfix bounces what is older than maximal_queue_lifetime by the wall clock, whatever it
 * waits for: mail that came before a clock's jump, or whose filter was down for a week, would
 * go back.  So that limit is as high as Postfix lets it be, and the five days of RFC 5321
 * section 4.5.4.1 are counted here: for what waits for another server or for its recipient
 * to make room, never for what waits for a part of this machine, and in hours that the
 * machine has run. */
#ifndef POSTCASK_EXPIRE_H
#define POSTCASK_EXPIRE_H

#include <jansson.h>

#include "base/buffer.h"
#include "base/diary.h"

#define EXPIRE_DIARY "/var/lib/postcask/expire/waiting"

enum {
	EXPIRE_AFTER = 5 * 86400, /* seconds */
	/* A run is an hour after the one before: of a clock set forward, and of time that
	 * the machine was off, no more is believed. */
	EXPIRE_STEP = 2 * 3600,
};

struct expiry {
	const struct diary *before; /* of the last run */
	struct diary diary;	    /* of this one: since when each message is known to wait */
	struct buffer over;	    /* queue ids, one a line */
	size_t count;		    /* of them */
	struct error *error;
	int result;
};

/* Looks at one message of the queue, for queue_list: `context` is the expiry, whose diary has
 * its clock. */
void expire_look(void *context, const json_t *message);

/* One run at the time `now`: asks Postfix, replaces the diary `path` and lets the messages
 * go whose time is over.  *ret_count: how many. */
_must_check_ int expire_run(const char *path, int64_t now, size_t *ret_count, struct error *error);

#endif
