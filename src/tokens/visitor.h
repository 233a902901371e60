// SPDX-License-Identifier: GPL-3.0-or-later
/* One connection of Dovecot, which asks about a token by HTTP (RFC 7662):
 *
 *	POST /introspect	token=...	{"active": "yes", "address": "alice@example.org"}
 *						{"active": "no"}
 *	GET /ping		{"active": "no"}, for who asks whether anybody is there
 *
 * A token whose key is not known may wait for the issuer to be asked.  Nothing here waits itself.
 */
#ifndef POSTCASK_TOKENS_VISITOR_H
#define POSTCASK_TOKENS_VISITOR_H

#include <stdint.h>

#include "tokens/jwt.h"

enum {
	VISITOR_IDLE_MS = 120 * 1000, /* between two requests */
	VISITOR_REQUEST_MS = 5 * 1000,
	VISITOR_WAIT_MS = 4 * 1000, /* for the issuer: Postfix gives up after ten seconds */
};

struct visitor {
	int fd;
	int64_t due_ms; /* then it is ended, or its token waits no longer */
	struct buffer input, output;
	size_t sent;
	bool closes; /* when all of it is sent */
	bool waits;  /* for the issuer's keys */
	bool waited; /* and once is enough */
};

/* Judges a token; with `may_wait`, JWT_UNKNOWN has it asked again. */
typedef enum jwt_outcome visitor_judge(void *context, struct slice token, bool may_wait,
				       char ret_address[JWT_ADDRESS + 1]);

/* Takes the descriptor over; NULL without memory. */
struct visitor *visitor_new(int fd, int64_t now_ms);
void visitor_free(struct visitor *visitor);

bool visitor_sends(const struct visitor *visitor);

/* Reads what is there if it `may_read`, answers, writes.  False: it is over. */
_must_check_ bool visitor_work(struct visitor *visitor, bool may_read, visitor_judge *judge,
			       void *context, int64_t now_ms);

#endif
