// SPDX-License-Identifier: GPL-3.0-or-later
/* How TLS sessions with other domains went, by day (UTC): counted as they happen, and told to the
 * domains on the next day (RFC 8460).  An SQLite file of which there are two users: postcask-tls
 * counts, postcask-tls-report tells. */
#ifndef POSTCASK_OUTWARD_TALLY_H
#define POSTCASK_OUTWARD_TALLY_H

#include <jansson.h>
#include <stdint.h>

#include "base/error.h"
#include "outward/event.h"

enum {
	TALLY_POLICIES = 20000, /* of all days and domains; more are not counted */
	TALLY_DETAILS = 100,	/* kinds of failures of one policy */
	TALLY_DAY = 24 * 60 * 60,
	TALLY_KEPT = 7, /* days, of what could not be told */
};

struct tally;

_must_check_ int tally_open(const char *path, struct tally **ret, struct error *error);
void tally_close(struct tally **tally); /* for _cleanup_ */

/* `day` is the number of the day since 1970.  What cannot be counted is not: a report says a little
 * less. */
void tally_add(struct tally *tally, const struct event *event, int64_t day);

/* The first domain of a day before `day` that was not passed yet, in the order of days and domains:
 * `*at_day` and `at_domain` say which was the last, and become it.  *ret_policies is the list of
 * "policies" of its report, *ret_record its newest record (both owned).  False at the end. */
_must_check_ bool tally_next(struct tally *tally, int64_t day, int64_t *at_day,
			     char at_domain[OUTWARD_NAME], json_t **ret_policies,
			     char **ret_record);

/* It was told, or nobody wants it. */
_must_check_ int tally_forget(struct tally *tally, int64_t day, const char *domain,
			      struct error *error);

#endif
