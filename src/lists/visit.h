// SPDX-License-Identifier: GPL-3.0-or-later
/* One question of postscreen about one client and one list.
 *
 * A list that says "listed" is asked at once for an address that nobody can have: should that one
 * be listed too, or should no answer come, nothing is believed.  So a list that begins to lie
 * refuses nobody in the moments before its next test, nor does what a cache still has of one that
 * is dead. Whatever goes wrong, the answer is "not listed". */
#ifndef POSTCASK_LISTS_VISIT_H
#define POSTCASK_LISTS_VISIT_H

#include "lists/attributes.h"
#include "lists/tested.h"

enum {
	VISIT_READ_MS = 2000,
	/* Before unbound would give an answer that has run out instead (serve-expired, 1.8 s); with
	 * the second one within the three seconds that postscreen makes a client wait. */
	VISIT_LIST_MS = 1700,
	VISIT_CONTROL_MS = 900,
	VISIT_CODES = 256,
};

struct visit {
	int fd;
	struct sources *sources;
	struct buffer input, output;
	struct attributes request;
	struct tested *tested;
	struct lookup_answer answer; /* of the list, while it is looked at again */
	bool whole, done;
	int64_t due_ms; /* of what it waits for; its questions have their own ends */
};

/* Takes over `fd`.  NULL without memory; `fd` is then the caller's. */
struct visit *visit_new(int fd, struct sources *sources);

/* Reads what has come.  When it is done, by an answer or an end, `done` is set. */
void visit_read(struct visit *visit);

void visit_free(struct visit *visit);

#endif
