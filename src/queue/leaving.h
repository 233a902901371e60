// SPDX-License-Identifier: GPL-3.0-or-later
/* What keeps mail from leaving, by the reasons in the queue: what is wrong with the smarthost,
 * or that no server anywhere is reached by port 25.
 *
 * Nobody is asked for it, and no stranger's server is tried: it is what the mail itself met.
 * A reason may hold another server's words; they are looked at where it can only speak of
 * itself. */
#ifndef POSTCASK_QUEUE_LEAVING_H
#define POSTCASK_QUEUE_LEAVING_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

enum leaving_fault {
	LEAVING_NONE,
	LEAVING_LOGIN,	     /* it does not take the login, or wants one */
	LEAVING_CERTIFICATE, /* it does not prove its name */
	LEAVING_CLEAR,	     /* it offers no TLS, or none that we can use */
	LEAVING_REFUSED,     /* it does not talk to this machine */
	LEAVING_SILENT,	     /* nobody is reached there */
	LEAVING_FAULTS
};

enum {
	LEAVING_PLACES = 16,	   /* servers that are remembered, */
	LEAVING_NAME = 64,	   /* and bytes of the name of each */
	LEAVING_BLOCKED = 3,	   /* so many unreached servers are no accident */
	LEAVING_PATIENCE_S = 3600, /* nor is it after that time */
};

struct leaving {
	int64_t now;		       /* seconds since 1970 */
	size_t faults[LEAVING_FAULTS]; /* messages that wait for it */
	/* Servers that port 25 did not reach, and when the newest message came that has met that
	 * for longer than LEAVING_PATIENCE_S. */
	struct leaving_place {
		char name[LEAVING_NAME];
		int64_t arrival;
	} places[LEAVING_PLACES];
	size_t place_count;
};

/* What a reason says of the server that it is about. */
enum leaving_fault leaving_fault_of(const char *reason);

/* Counts a message of `postqueue -j`. */
void leaving_add(struct leaving *leaving, const json_t *message);

/* Is port 25 blocked on the way out?  `left`: when a message last reached another server by it,
 * seconds since 1970, 0 when that is not known.  So many servers at least must be unreached
 * by mail that came later and has waited long. */
bool leaving_is_blocked(const struct leaving *leaving, int64_t left);

/* A sentence for each; false when there is nothing to say. */
bool leaving_say_blocked(const struct leaving *leaving, int64_t left, struct buffer *text);
bool leaving_say_smarthost(const struct leaving *leaving, const char *host, struct buffer *text);

#endif
