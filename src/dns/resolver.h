// SPDX-License-Identifier: GPL-3.0-or-later
/* Questions to the DNS through the machine's own resolver, many at once, validated here as well: by
 * libunbound, which asks who /etc/resolv.conf names.
 *
 * What it answers may be as old as its time to live.  Who must know what is published now asks the
 * zone's own servers (direct.h, world.h). */
#ifndef POSTCASK_DNS_RESOLVER_H
#define POSTCASK_DNS_RESOLVER_H

#include "dns/answer.h"

struct dns_resolver;

/* Nothing is sent yet.  The root's keys are those of the machine's unbound, or Debian's; without
 * any, nothing is secure and nothing bogus.  -ENOENT when resolv.conf names nobody to ask. */
_must_check_ int dns_resolver_open(struct dns_resolver **ret, struct error *error);

struct dns_lookup {
	const char *name;
	const char *type;
	struct dns_answer answer; /* dns_answer_clear */
};

/* Asks all of them, and returns when the last is answered or after `timeout_ms`: what has no answer
 * then is silent.  An answer of SERVFAIL is silent too, with its reason if it is bogus.  A type of
 * the program's own that ldns does not know, and a name that is none, are silent. */
void dns_resolver_ask(struct dns_resolver *resolver, struct dns_lookup *lookups, size_t count,
		      int timeout_ms);

void dns_resolver_close(struct dns_resolver **resolver); /* for _cleanup_(dns_resolver_close) */

#endif
