// SPDX-License-Identifier: GPL-3.0-or-later
/* The server's side of LMTP (RFC 2033), for one connection: bytes in, bytes out, no socket.
 *
 * What it takes is a copy, so nobody is ever refused for what is in it: it is read and answered
 * with 250, or, when that cannot be kept, with 451, and comes again. */
#ifndef POSTCASK_FEEDBACK_LMTP_H
#define POSTCASK_FEEDBACK_LMTP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/slice.h"

enum {
	LMTP_LINE = 4096,		/* bytes of a command */
	LMTP_MESSAGE = 4 * 1024 * 1024, /* of a message that are read: the rest is passed over */
	LMTP_RECIPIENTS = 100,
};

struct lmtp {
	/* Takes a whole message; false: not now. */
	bool (*take)(void *context, struct slice message);
	void *context;

	struct buffer answer; /* to be sent, and emptied by whoever sends it */
	bool ended;	      /* after that the connection is to be closed */

	struct buffer line, message; /* its own */
	unsigned recipients;
	bool greeted, sender, data, too_long;
};

/* Begins with the greeting. */
void lmtp_begin(struct lmtp *lmtp, bool (*take)(void *context, struct slice message),
		void *context);
void lmtp_feed(struct lmtp *lmtp, const char *bytes, size_t size);
void lmtp_clear(struct lmtp *lmtp); /* for _cleanup_ */

#endif
