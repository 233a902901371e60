// SPDX-License-Identifier: GPL-3.0-or-later
/* Whether a list is alive and tells the truth (RFC 5782 §5), and what follows: it is used, or cut
 * off, until it has told the truth for a while.  Nothing here asks or waits.
 *
 * A test is of LIFE_POINTS questions: 127.0.0.2 must be listed, 127.0.0.1 must not, nor addresses
 * that nobody can have: one of the documentation's networks (RFC 5737, RFC 3849), and one of the
 * benchmarks' (RFC 2544), of which there are so many that the answer is in no cache.  A list
 * without IPv6 has nothing there, which is fine. */
#ifndef POSTCASK_LISTS_LIFE_H
#define POSTCASK_LISTS_LIFE_H

#include "base/buffer.h"
#include "lists/catalog.h"
#include "lists/lookup.h"

enum life_point {
	LIFE_LISTED4,
	LIFE_UNLISTED4,
	LIFE_NOBODY4,
	LIFE_FRESH4,
	LIFE_LISTED6,
	LIFE_UNLISTED6,
	LIFE_NOBODY6,
	LIFE_POINTS,
};

enum life_kind {
	LIFE_SILENT,
	LIFE_FAILED,
	LIFE_NOTHING,
	LIFE_COUNTS, /* for what the settings say of the list */
	LIFE_OTHER,  /* another code */
	LIFE_REFUSED,
	LIFE_OUTSIDE, /* no code: an address outside 127.0.0.0/8 */
};

enum verdict {
	VERDICT_GOOD,
	VERDICT_REFUSED,
	VERDICT_OUTSIDE,
	VERDICT_LIES, /* everybody is listed */
	VERDICT_SILENT,
	VERDICT_FAILS,
	VERDICT_EMPTY, /* nobody is */
	VERDICT_CODES,
	VERDICTS
};

enum life_state { LIFE_NEW, LIFE_USED, LIFE_CUT };

enum {
	LIFE_IDLE_MS = 600 * 1000,   /* between tests of a list that nobody is asked about */
	LIFE_BUSY_MS = 20 * 1000,    /* of one that is in use */
	LIFE_SUSPECT_MS = 10 * 1000, /* of one that gave no answer to something else */
	/* After a bad one, before it is believed: unbound gives a failure again for 5 s. */
	LIFE_AGAIN_MS = 7 * 1000,
	LIFE_CUT_MS = 30 * 1000,  /* while it is cut off */
	LIFE_BACK_MS = 20 * 1000, /* and was good again */
	LIFE_BAD = 2,		  /* as many bad tests in a row cut it off */
	LIFE_GOOD = 3,		  /* as many good ones bring it back */
};

struct life {
	enum life_state state;
	enum verdict verdict;	     /* why it is cut off; else of the last test */
	int64_t since;		     /* seconds since 1970: when the state began; 0: unknown */
	int64_t lies_until;	     /* likewise: false answers may be in caches until then */
	int64_t last_ms;	     /* the last test */
	unsigned good, bad;	     /* tests in a row */
	bool tested, asked, suspect; /* the last two since the last test */
	unsigned hurry;		     /* waits are so many times as short; 0: as they are */
};

/* The address of a point; of those that change, `random` says which. */
struct catalog_address life_address(enum life_point point, uint32_t random);

/* What an answer at a point means. */
enum life_kind life_kind_of(const struct catalog_list *list, enum life_point point,
			    const struct lookup_answer *answer);

enum verdict life_verdict(const struct catalog_list *list, const enum life_kind kinds[LIFE_POINTS]);

/* Takes a test's verdict.  True when people should hear of a change. */
bool life_judge(struct life *life, enum verdict verdict, int64_t now_ms, int64_t now);

/* Somebody who cannot be listed was, for `ttl` seconds: until all such answers are out of caches,
 * SpamAssassin's questions filled them too, nothing that the list says counts. */
void life_lied(struct life *life, uint32_t ttl, int64_t now);

/* Does what it says count now? */
bool life_counts(const struct life *life, int64_t now);

/* When it is to be tested. */
int64_t life_due(const struct life *life);

const char *verdict_name(enum verdict verdict);

/* VERDICTS when there is none of that name. */
enum verdict verdict_find(const char *name);

/* Is it for a person to do something about it? */
bool verdict_asks(enum verdict verdict);

/* A sentence about the list, with what to do; "" for a good one. */
void verdict_say(enum verdict verdict, const struct catalog_list *list, struct buffer *text);

#endif
