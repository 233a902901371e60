// SPDX-License-Identifier: GPL-3.0-or-later
/* Questions to the machine's resolver that are under way: each is answered once, by the resolver or
 * at its deadline.  The owner's loop hands in datagrams and the time. */
#ifndef POSTCASK_LISTS_ASKER_H
#define POSTCASK_LISTS_ASKER_H

#include "lists/catalog.h"
#include "lists/lookup.h"

enum { ASKER_QUESTIONS = 768 };

typedef void asker_answer(void *context, unsigned tag, const struct lookup_answer *answer);

struct asker_question {
	asker_answer *answer; /* NULL: free */
	void *context;
	unsigned tag;
	uint16_t id;
	int64_t due_ms;
	char name[CATALOG_ASKED];
};

struct asker {
	int fd; /* a connected socket for datagrams, not waited for */
	struct asker_question questions[ASKER_QUESTIONS];
};

/* Asks for the addresses of a name.  False, and never an answer, when there is no room or the
 * resolver is not to be had. */
_must_check_ bool asker_ask(struct asker *asker, const char *name, int64_t due_ms,
			    asker_answer *answer, void *context, unsigned tag);

/* Nobody waits any more for what `context` asked. */
void asker_forget(struct asker *asker, const void *context);

void asker_receive(struct asker *asker);	      /* what has come */
void asker_tick(struct asker *asker, int64_t now_ms); /* what is due is silent */
int64_t asker_due(const struct asker *asker);	      /* INT64_MAX: nothing is under way */

#endif
