// SPDX-License-Identifier: GPL-3.0-or-later
/* One connection to the guard: of Dovecot, by HTTP, or of `postcask ban`.  It never waits; what it
 * has to say waits in a buffer. */
#ifndef POSTCASK_GUARD_PEER_H
#define POSTCASK_GUARD_PEER_H

#include "base/buffer.h"
#include "guard/guard.h"

enum peer_talk { PEER_HTTP, PEER_CONTROL, PEER_TALKS };

enum {
	PEER_IDLE_MS = 60 * 1000,   /* between two requests */
	PEER_REQUEST_MS = 5 * 1000, /* for one, and to take its answer */
};

struct peer {
	int fd;
	enum peer_talk talk;
	int64_t due_ms; /* then it is ended */
	struct buffer input, output;
	size_t sent; /* of the output */
	bool closes; /* when all of it is sent */
};

/* Takes the descriptor over; NULL without memory. */
struct peer *peer_new(int fd, enum peer_talk talk, int64_t now_ms);
void peer_free(struct peer *peer);

/* What it waits for, for poll(2). */
short peer_events(const struct peer *peer);

/* Reads what is there, answers, writes what goes out.  False: it is over. */
_must_check_ bool peer_work(struct peer *peer, struct guard *guard, int64_t now_ms);

#endif
