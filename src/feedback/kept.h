// SPDX-License-Identifier: GPL-3.0-or-later
/* The reports that came, in one SQLite file.
 *
 * Whoever can prove a domain can send as many as he likes, so all of it is bounded: reports of a
 * day, of all time, and the file itself.  One that came twice counts once. */
#ifndef POSTCASK_FEEDBACK_KEPT_H
#define POSTCASK_FEEDBACK_KEPT_H

#include <jansson.h>
#include <sqlite3.h>

#include "feedback/report.h"

enum {
	KEPT_DAYS = 400,	/* that a report is kept, by the end of its time */
	KEPT_REPORTS = 50000,	/* then the oldest goes */
	KEPT_OF_A_DAY = 2000,	/* that are taken from all on one day, */
	KEPT_OF_ONE = 200,	/* and from one organisation about one domain */
	KEPT_PAGES = 32 * 1024, /* of 4 KiB */
	KEPT_WAIT_MS = 5000,	/* for another process at the same file */
};

struct kept {
	sqlite3 *database;
};

#define KEPT_INIT ((struct kept){0})

/* Makes the file where there is none.  One that is damaged is set aside under its name and
 * ".damaged", and a new one is begun: `error` says so, and 0 is returned. */
_must_check_ int kept_open(struct kept *kept, const char *path, struct error *error);
void kept_close(struct kept *kept); /* for _cleanup_ */

enum kept_taken { KEPT_NEW, KEPT_KNOWN, KEPT_TOO_MANY };

/* Keeps a report that came at `now`.  When it returns 0 the report is on the disk. */
_must_check_ int kept_add(struct kept *kept, const struct report *report, int64_t now,
			  enum kept_taken *ret_taken, struct error *error);

/* Counts a message that was no report, or none that may be believed; `why` is a word. */
_must_check_ int kept_count(struct kept *kept, const char *why, int64_t now, struct error *error);

/* Runs a SELECT with up to two numbers for its ?1 and ?2, and gives its rows as a list of objects,
 * by the names of the columns.  NULL on failure. */
json_t *kept_select(struct kept *kept, const char *query, int64_t first, int64_t second,
		    struct error *error);

#endif
