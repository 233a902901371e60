// SPDX-License-Identifier: GPL-3.0-or-later
/* The judge: what is known of each network, and who is to be kept away.  It knows neither the
 * kernel nor the clock: times are given, in seconds since 1970.
 *
 * What counts is how many *different* things were tried.  A telephone with last month's password
 * tries one thing a thousand times, and is never banned; who guesses tries another one each time.
 * Each new one is a point, and points halve every ten minutes.  A network from which somebody has
 * logged in within thirty days may have four times as many.
 *
 * A ban is for ten minutes first, then four times as long each time, up to seven days.  When there
 * was none for thirty days, that begins anew.
 *
 * At most JUDGE_NETWORKS are known; then those go first of which nothing was heard for longest,
 * and that are neither banned nor have logged in. */
#ifndef POSTCASK_GUARD_JUDGE_H
#define POSTCASK_GUARD_JUDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "guard/network.h"

enum {
	JUDGE_NETWORKS = 65536,
	JUDGE_AFTER = 5,	   /* ban.after of the settings, where they do not say */
	JUDGE_HALF_LIFE = 10 * 60, /* seconds */
	JUDGE_FIRST_BAN = 10 * 60,
	JUDGE_FACTOR = 4,
	JUDGE_LONGEST_BAN = 7 * 24 * 60 * 60,
	JUDGE_LONGEST_BY_HAND = 366 * 24 * 60 * 60,
	JUDGE_MEMORY = 30 * 24 * 60 * 60, /* of logins, and of how long the last ban was */
	JUDGE_KNOWN_TIMES = 4,
	JUDGE_TRIED = 64, /* different things that are remembered of a network */
	JUDGE_REASON = 160,
};

/* What was tried. */
struct judge_try {
	uint32_t thing;		 /* equal ones count once; 0: each counts */
	char what[JUDGE_REASON]; /* "wrong password for alice@example.org by imap" */
};

struct judged {
	struct network network;
	double points;
	int64_t points_at;
	int64_t good_at;	   /* the last login; 0: none */
	int64_t since, until;	   /* the last ban; 0: none.  It is in force before `until`. */
	unsigned times;		   /* bans in a row, for the length of the next */
	uint32_t tries;		   /* different things in all */
	char reason[JUDGE_REASON]; /* of the ban; before it, what was tried last */
	uint32_t *things;	   /* owned: the last of them, a ring */
	size_t things_count, things_next;
	struct judged *next;		/* of the same hash */
	struct judged *older, *younger; /* by when something was last heard */
};

struct judge {
	unsigned after;	       /* points for a ban */
	uint64_t secret;       /* so that nobody chooses who meets whom in a table */
	struct judged **table; /* owned */
	struct judged *oldest, *youngest;
	size_t count;
	bool changed; /* what is to be written */
};

_must_check_ int judge_init(struct judge *judge, unsigned after, struct error *error);
void judge_clear(struct judge *judge);

/* A number for judge_try of texts, never 0, and of no use to who does not know the judge. */
uint32_t judge_thing(const struct judge *judge, struct slice first, struct slice second);

/* NULL when nothing is known of it. */
struct judged *judge_find(const struct judge *judge, const struct network *network);

/* Somebody tried and failed.  What is known now when that was one too many, and there is no ban in
 * force: the caller bans, or finds a reason not to.  NULL: nothing is to be done. */
struct judged *judge_fail(struct judge *judge, const struct network *network,
			  const struct judge_try *try, int64_t now);

/* Somebody logged in. */
void judge_succeed(struct judge *judge, const struct network *network, int64_t now);

/* Bans for `seconds`, 0: for as long as it is its turn.  NULL without memory. */
struct judged *judge_ban(struct judge *judge, const struct network *network, const char *reason,
			 int64_t seconds, int64_t now);

/* Ends a ban, and forgives: false when there is none in force. */
bool judge_forgive(struct judge *judge, const struct network *network, int64_t now);

/* Is it kept away now? */
bool judged_is_banned(const struct judged *judged, int64_t now);

/* The points that are left of those it had. */
double judged_points(const struct judged *judged, int64_t now);

/* How many it may have. */
unsigned judge_limit(const struct judge *judge, const struct judged *judged, int64_t now);

/* Whether it is worth to be remembered over a boot. */
bool judged_is_lasting(const struct judged *judged, int64_t now);

/* What a file says of a network; nothing happens when that is known already or makes no sense. */
void judge_remember(struct judge *judge, const struct judged *known, int64_t now);

#endif
