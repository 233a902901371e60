// SPDX-License-Identifier: GPL-3.0-or-later
/* Whether a record is where everybody finds it: asked of each authoritative server of its zone, not
 * of a cache, which would show it too early or too late. */
#ifndef POSTCASK_DNS_ASK_H
#define POSTCASK_DNS_ASK_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* What each authoritative server of the zone that holds a name shows. */
struct dns_seen {
	size_t servers; /* asked, by address; one that has no address counts too */
	size_t showing;
	int64_t ttl;   /* the longest among those that show it; 0 without one */
	char *missing; /* owned sentence: which do not show it and why; NULL when all do */
};

#define DNS_SEEN_INIT ((struct dns_seen){0})

/* Finds the zone that holds `name` (of an alias: the zone it leads to) and its name servers through
 * the machine's resolver, and asks each of them whether it has, among others, the record `type`
 * with this `value`: in presentation form, TXT as one string without quotes.
 *
 * 0 whatever they show; only `showing` tells.  -EHOSTUNREACH when the zone or its servers are not
 * to be found within the time, -ENOENT without a resolver.  It takes at most `timeout_ms`: 5000 is
 * plenty, and a server that is silent costs 1.5 seconds.  Addresses in a network that this machine
 * has no way to are passed over where the server has others. */
_must_check_ int dns_seen_everywhere(const char *name, const char *type, const char *value,
				     int timeout_ms, struct dns_seen *ret, struct error *error);

void dns_seen_clear(struct dns_seen *seen);

#endif
