// SPDX-License-Identifier: GPL-3.0-or-later
/* Policies that are being fetched, each by a process of its own (postcask-tls-fetch(8)): nobody
 * waits for another server's https, and what it says is read where nothing else is. */
#ifndef POSTCASK_OUTWARD_FETCH_H
#define POSTCASK_OUTWARD_FETCH_H

#include <poll.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "outward/netstring.h"

enum {
	FETCHES = 24,	      /* at once; who comes then has to come again */
	FETCH_END_MS = 12000, /* the program ends itself after ten seconds */
};

/* `text` is the whole policy, or `why` a clause of why there is none. */
typedef void fetch_done(void *context, struct slice text, const char *why);

struct fetch {
	int fd; /* of its output; -1: free */
	fetch_done *done;
	void *context;
	struct buffer output;
	int64_t end_ms;
};

struct fetches {
	const char *program, *authorities;
	struct fetch rows[FETCHES];
	size_t running;
};

void fetches_init(struct fetches *fetches, const char *program, const char *authorities);
void fetches_close(struct fetches *fetches);

/* Begins one.  -EAGAIN when there are too many; `done` is called only after 0.  The program's end
 * is nobody's business: SIGCHLD is ignored. */
_must_check_ int fetch_start(struct fetches *fetches, const char *domain, int64_t now_ms,
			     fetch_done *done, void *context);

/* For the loop: FETCHES rows of poll(2), and what came of them. */
void fetches_polled(const struct fetches *fetches, struct pollfd *polled);
void fetches_work(struct fetches *fetches, const struct pollfd *polled, int64_t now_ms);
int64_t fetches_due(const struct fetches *fetches);

#endif
