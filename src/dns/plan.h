// SPDX-License-Identifier: GPL-3.0-or-later
/* What would have to change at a name server for it to show the machine's records, and the change.
 *
 * Only names of the record table are touched.  Where a name is this machine's alone (its keys),
 * what is stale goes; elsewhere what others wrote stays, and is said, unless it is to be replaced.
 * Other TXT records at the same name always stay.  Whoever writes between the reading and the
 * change makes the change fail as a whole: each set of records that is touched must still be as it
 * was read. */
#ifndef POSTCASK_DNS_PLAN_H
#define POSTCASK_DNS_PLAN_H

#include "base/buffer.h"
#include "dns/book.h"
#include "dns/records.h"
#include "dns/update.h"

struct dns_plan_item {
	const char *zone; /* in the plan's book */
	struct dns_change change;
	bool why_same; /* a prerequisite, which nobody is shown */
};

struct dns_plan {
	struct dns_plan_item *items; /* owned; their texts are the rows' and the book's */
	size_t count, capacity;
	struct dns_book *book; /* owned */
	struct buffer left;    /* sentences, a line each: what is left to people */
	size_t applied;	       /* zones that were changed */
	bool failed;
};

#define DNS_PLAN_INIT ((struct dns_plan){0})

/* Reads what the server has.  -ENOENT when it serves none of the zones; -EHOSTUNREACH when it does
 * not answer; rows whose zone it does not serve (as a rule the reverse names) are left to people.
 */
_must_check_ int dns_plan_make(const struct dns_rows *rows, const struct dns_update *update,
			       bool replace, int timeout_ms, struct dns_plan *plan,
			       struct error *error);

/* One transaction a zone. */
_must_check_ int dns_plan_apply(struct dns_plan *plan, const struct dns_update *update,
				int timeout_ms, struct error *error);

void dns_plan_text(const struct dns_plan *plan, bool applied, struct buffer *text);
json_t *dns_plan_json(const struct dns_plan *plan); /* NULL when out of memory */

void dns_plan_clear(struct dns_plan *plan);

#endif
