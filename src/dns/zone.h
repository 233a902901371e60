// SPDX-License-Identifier: GPL-3.0-or-later
/* Who serves a name: its zone, and the zone's name servers with their addresses, as the resolver
 * knows them.  Aliases are followed, for what counts is where they lead. */
#ifndef POSTCASK_DNS_ZONE_H
#define POSTCASK_DNS_ZONE_H

#include "dns/book.h"

/* More than any zone has; the rest is not asked. */
enum { DNS_SERVERS_MAX = 26 };

struct dns_server {
	const char *name;    /* as the zone names it */
	const char *address; /* numeric; NULL when it has none */
};

/* All of it points into the book. */
struct dns_zone {
	const char *apex; /* NULL when nobody knows it: then `why` */
	const char *name; /* the name asked for, or where its aliases lead */
	const char *why;
	bool bogus;  /* why: signatures */
	bool secure; /* signed, up to the root's key */
	struct dns_server servers[DNS_SERVERS_MAX];
	size_t count; /* a row for each address, and for each name without one */
};

/* False while the book has not all of it. */
bool dns_zone_find(struct dns_book *book, const char *name, struct dns_zone *ret);

#endif
