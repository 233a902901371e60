// SPDX-License-Identifier: GPL-3.0-or-later
/* What is remembered of the ACME authority: acme.json in the keys folder (0644, no secret is in
 * it), replaced as a whole.
 *
 *	{"directory": "https://...",	of the settings; another one begins anew
 *	 "account": "https://...", "caa": ["letsencrypt.org"],
 *	 "authority": {ATTEMPT},	whether it can be reached at all
 *	 "told": T,			when the consoles were told that an end is near
 *	 "roll": true,			the next order takes the next keys
 *	 "next": {"HASH": {"since": T, "ttl": S}},	since when the DNS shows the next keys
 *	 "orders": {"host-ecdsa": {ATTEMPT, "names": [...], "begin": T, "end": T,
 *		    "checked": T, "window": [T, T]}, "host-rsa": ..., "d-0123456789abcdef":
 *		    {..., "domain": "example.org"}}}
 *
 * ATTEMPT: "failures" in a row, "since" when, "tried" at last, the "error" in words, "next" not
 * before.  Times are seconds since 1970. */
#ifndef POSTCASK_ACME_STATE_H
#define POSTCASK_ACME_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "base/error.h"

/* Of what begins, a new reference, when there is none, or it is another directory's. */
_must_check_ int acme_state_load(const char *keys, const char *directory, json_t **ret,
				 struct error *error);
_must_check_ int acme_state_save(const char *keys, const json_t *state, struct error *error);

/* The member, an object, made when missing; NULL when out of memory. */
json_t *acme_state_object(json_t *parent, const char *key);

/* May it be tried at `now`?  A time that lies further ahead than any back-off was written
 * before the clock went back, and does not count. */
bool acme_attempt_is_due(const json_t *attempt, int64_t now);

/* It failed: the next one comes after an hour, then two, four ... and a day at most, give or take
 * a quarter, so that machines do not come all at once; `floor` seconds at least, and, where
 * something ends at `end` (0: nothing does), sooner as that comes near, but never within the
 * hour. */
void acme_attempt_failed(json_t *attempt, int64_t now, int64_t floor, int64_t end,
			 const char *sentence);
void acme_attempt_succeeded(json_t *attempt, int64_t now);

/* Not before `seconds` from now, give or take a quarter. */
void acme_attempt_later(json_t *attempt, int64_t now, int64_t seconds);

#endif
