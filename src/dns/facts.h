// SPDX-License-Identifier: GPL-3.0-or-later
/* What the machine's records are made of: its names and addresses, what it offers, and the public
 * halves of its keys.  All of it is what every account may know. */
#ifndef POSTCASK_DNS_FACTS_H
#define POSTCASK_DNS_FACTS_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "base/error.h"

/* Where certificates and DKIM keys leave what may be published of them. */
#define DNS_KEYS_FILE "/var/lib/postcask/keys/public.json"
#define DNS_DKIM_FILE "/var/lib/postcask/keys/dkim/public.json"
/* What the web server's policy has come to by itself ("mode"), for dns.mta_sts: auto. */
#define DNS_STS_FILE "/var/lib/postcask/web/mta-sts.json"

enum { DNS_ADDRESSES_MAX = 16 };

struct dns_facts {
	json_t *settings; /* owned: as published (settings/published.h) */
	json_t *keys;	  /* owned: of DNS_KEYS_FILE; NULL while there are none */
	json_t *dkim;	  /* owned: a list, likewise */

	const char *host; /* in the settings */
	/* By which the internet reaches this machine, numeric.  None when nobody knows any. */
	char addresses[DNS_ADDRESSES_MAX][46];
	size_t address_count;
	bool only_private; /* the machine has addresses, but those of a network behind a router */

	bool public;	  /* browsers trust the certificate */
	bool web;	  /* it is served on 443 */
	const char *sts;  /* the MTA-STS mode, NULL: no policy; static */
	char *sts_policy; /* owned; NULL without a mode */
	char sts_id[33];
};

#define DNS_FACTS_INIT ((struct dns_facts){0})

/* Takes the published settings over.  A file that is not there is no error; a path of NULL is not
 * read, and the machine's own addresses are not looked for then: for settings of another one. */
_must_check_ int dns_facts_read(struct dns_facts *facts, json_t *published, const char *keys,
				const char *dkim, struct error *error);

/* services.NAME of the settings. */
bool dns_facts_offers(const struct dns_facts *facts, const char *name);

/* Mail leaves by another server, whose address receivers see. */
bool dns_facts_smarthost(const struct dns_facts *facts);

/* here.NAME of the settings: what the role has on this machine.  Settings of before there were
 * roles have everything. */
bool dns_facts_has(const struct dns_facts *facts, const char *name);

/* The address is one of the machine's. */
bool dns_facts_is_ours(const struct dns_facts *facts, const char *address);

void dns_facts_clear(struct dns_facts *facts);

#endif
