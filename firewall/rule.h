// SPDX-License-Identifier: GPL-3.0-or-later
/* One rule of a chain, described by what it asks of a packet, and its
 * composition as nftnl expressions.  Register 1 is the only one used. */
#ifndef POSTCASK_FIREWALL_RULE_H
#define POSTCASK_FIREWALL_RULE_H

#include <stdint.h>

#include <libnftnl/rule.h>

/* Offsets in the transport header, TCP and UDP alike. */
#define SOURCE_PORT	 0
#define DESTINATION_PORT 2

#define RULE_MATCHES 4

/* Who may do something N times a second may have done it as often as in so many seconds at once:
 * it takes that long until as much may come again. */
#define RULE_BURST_SECONDS 150

/* A verdict beside NF_ACCEPT and NF_DROP, for TCP: who connects is told at once. */
#define RULE_REFUSE 0x100

/* What a rule asks of a packet; each kind is a few expressions. */
struct match {
	enum {
		MATCH_NOTHING,	     /* ends the list */
		MATCH_INTERFACE,     /* it came in by the one with this index */
		MATCH_OUT_INTERFACE, /* it goes out by it */
		MATCH_USER,	     /* the account that opened its socket */
		MATCH_STATE,
		MATCH_FAMILY,
		MATCH_PROTOCOL,
		MATCH_PORT,	       /* `offset` in the transport header equals `number` */
		MATCH_LINK_LOCAL,      /* the IPv6 destination is in fe80::/10 */
		MATCH_TYPE_IN_SET,     /* the first byte of the transport header is in `set` */
		MATCH_PORT_IN_SET,     /* the destination port is in `set` */
		MATCH_ADDRESS_IN_SET,  /* the IPv4 destination is in `set` */
		MATCH_ADDRESS6_IN_SET, /* the IPv6 destination is in `set` */
		MATCH_SOURCE_IN_SET,   /* the IPv4 source is in `set` */
		MATCH_SOURCE6_IN_SET,  /* the first 64 bits of the IPv6 source are in `set` */
		/* Each source has an element of its own in the dynamic `set`: an IPv4 address, or
		 * an IPv6 network of 64 bits; `number` is the family.  Where the set has no room
		 * for one more, nothing matches. */
		MATCH_SOURCE_MANY,  /* it has more than `offset` connections */
		MATCH_SOURCE_OFTEN, /* it comes more than `offset` times a second */
	} kind;
	uint32_t number, offset;
	const char *set;
};

struct rule {
	const char *chain;
	const char *comment; /* shown by nft(8) */
	struct match matches[RULE_MATCHES];
	int verdict; /* NF_ACCEPT, RULE_REFUSE or NF_DROP; what is dropped is counted */
};

/* The rule as an object of libnftnl, owned by the caller; NULL when out of
 * memory. */
struct nftnl_rule *rule_compose(const char *table, const struct rule *rule);

#endif
