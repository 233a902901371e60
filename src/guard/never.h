// SPDX-License-Identifier: GPL-3.0-or-later
/* Who is never banned, whatever comes from there: the machine itself, its gateways, the networks
 * of the settings, and whoever is logged in by ssh. */
#ifndef POSTCASK_GUARD_NEVER_H
#define POSTCASK_GUARD_NEVER_H

#include "base/error.h"
#include "guard/network.h"

enum { NEVER_RANGES = 128, NEVER_FOUND = 1024 };

/* What was found of the machine, and the clause that says why. */
struct never_found {
	struct network network;
	const char *why;
};

struct never {
	struct network_range ranges[NEVER_RANGES];
	size_t count;
	struct never_found *found; /* owned */
	size_t found_count;
};

/* -EINVAL for what is no network, -E2BIG for one too many. */
_must_check_ int never_add(struct never *never, const char *text, struct error *error);

/* Looks at the machine as it is now: its addresses, gateways and sessions.  A thousand times in a
 * row, once is enough. */
_must_check_ int never_look(struct never *never, struct error *error);
void never_clear(struct never *never);

/* Why it is not to be banned, a clause ("it is this machine's gateway"), NULL when it may be; by
 * what was found at the last look. */
const char *never_reason(const struct never *never, const struct network *network);

/* A line of /proc/net/route or /proc/net/ipv6_route: the router of a route; false when it has
 * none. */
_must_check_ bool never_read_route(struct slice line, struct network *ret);
_must_check_ bool never_read_route6(struct slice line, struct network *ret);

#endif
