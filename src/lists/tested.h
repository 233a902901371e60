// SPDX-License-Identifier: GPL-3.0-or-later
/* The lists as the service has them: each with its state, and tests when they are due. */
#ifndef POSTCASK_LISTS_TESTED_H
#define POSTCASK_LISTS_TESTED_H

#include "lists/asker.h"
#include "lists/life.h"

/* A test's questions are given that long; unbound itself gives a server up after 4 s or so. */
enum { TESTED_TEST_MS = 6000 };

struct sources;

struct tested {
	const struct catalog_list *list;
	struct sources *sources;
	struct life life;
	enum life_kind kinds[LIFE_POINTS];
	unsigned pending; /* questions of the test that runs; 0: none runs */
};

struct sources {
	struct asker asker;
	struct tested tested[CATALOG_LISTS];
	size_t count;
	int64_t now_ms, now; /* of the clock, and of the calendar in seconds */
	bool changed;	     /* people should hear of something */
};

/* `hurry`: see struct life. */
void tested_begin(struct sources *sources, const struct catalog *catalog, unsigned hurry);

/* NULL when there is none of that zone. */
struct tested *tested_find(struct sources *sources, const char *zone);

/* Begins the tests that are due. */
void tested_tick(struct sources *sources);
int64_t tested_due(const struct sources *sources);

/* Somebody asks the list about a client: it is tested oftener. */
void tested_asked(struct tested *tested);

/* It gave no answer, or a wrong one, to something else than a test. */
void tested_suspect(struct tested *tested);

/* An address that nobody can have was asked for beside a client's: whether the list tells the
 * truth at this moment. */
enum life_kind tested_control(struct tested *tested, const struct lookup_answer *answer);

/* A name for such a question. */
void tested_fresh(const struct tested *tested, char ret[CATALOG_ASKED]);

#endif
