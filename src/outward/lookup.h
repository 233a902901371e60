// SPDX-License-Identifier: GPL-3.0-or-later
/* Questions to the resolver that are not answered yet: a bounded number at once, an end to each.
 *
 * Nothing here waits.  What was answered is remembered by the resolver, not here. */
#ifndef POSTCASK_OUTWARD_LOOKUP_H
#define POSTCASK_OUTWARD_LOOKUP_H

#include "base/error.h"
#include "outward/message.h"

enum {
	LOOKUPS = 512,		/* at once */
	LOOKUP_AGAIN_MS = 1200, /* a datagram may be lost: asked once more */
	LOOKUP_END_MS = 2700,	/* then there is no answer: before Postfix's turn ends */
	LOOKUP_DATAGRAM = 65535,
};

/* `answer` is NULL when there is none; it is valid during the call. */
typedef void lookup_done(void *context, const struct message_answer *answer);

struct lookup {
	lookup_done *done; /* NULL: free */
	void *context;
	char name[OUTWARD_NAME + 12]; /* with "_25._tcp." or "_mta-sts." before it */
	int type;
	uint16_t id;
	bool again;
	int64_t due_ms, end_ms;
};

struct lookups {
	int fd; /* to the resolver (listen_resolver) */
	size_t asked;
	int64_t now_ms;
	struct lookup rows[LOOKUPS];
};

void lookups_close(struct lookups *lookups);

/* Asks for `before` and `name` in one.  `done` is called once, at once when there is no room. */
void lookup_ask(struct lookups *lookups, const char *before, const char *name, int type,
		lookup_done *done, void *context);

/* There is something to read. */
void lookups_receive(struct lookups *lookups);

void lookups_tick(struct lookups *lookups, int64_t now_ms);

/* When lookups_tick has something to do; INT64_MAX: never. */
int64_t lookups_due(const struct lookups *lookups);

#endif
