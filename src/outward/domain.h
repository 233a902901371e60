// SPDX-License-Identifier: GPL-3.0-or-later
/* What is known of the domains that mail goes to: whether DANE proves their servers, else whether
 * an MTA-STS policy does.
 *
 * DANE first.  main.cf's level is `dane`, by which Postfix itself looks for TLSA records, so that
 * "no policy" leaves a domain to DANE; and where the MX records are secure and a server has TLSA
 * records, no policy of MTA-STS is put in their place (RFC 8461 §2).  Where only some of the
 * servers have them, and where it cannot be found out, a policy that is enforced makes `dane-only`
 * of it: neither is weakened, and mail waits at worst.
 *
 * What is known is used at once while its records live; else it is looked up anew, which is waited
 * for by who asks, for a while: then the answer is what was known before. */
#ifndef POSTCASK_OUTWARD_DOMAIN_H
#define POSTCASK_OUTWARD_DOMAIN_H

#include "outward/fetch.h"
#include "outward/lookup.h"
#include "outward/store.h"

enum {
	DOMAINS_LIMIT = 8192, /* remembered, each of about a kilobyte */
	DOMAINS_LEAST_MS = 30 * 1000,
	DOMAINS_MOST_MS = 3600 * 1000,
	DOMAINS_FETCH_AGAIN_MS = 300 * 1000, /* RFC 8461 §3.3: of a policy that is not to be had */
};

enum domain_dane {
	DOMAIN_DANE_UNKNOWN, /* the MX records are not found */
	DOMAIN_DANE_NONE,    /* they are not secure, or no server has TLSA records */
	DOMAIN_DANE_SOME,    /* servers have, and others have not */
	DOMAIN_DANE_BROKEN,  /* the TLSA records of a server are not found */
	DOMAIN_DANE_ALL,
};

struct domain;
struct domains;

struct domains_parts {
	struct lookups *lookups;
	struct fetches *fetches;
	struct sts_store *store;
};

/* How many domains of those that are remembered are reached how. */
struct domains_count {
	size_t remembered, dane, sts, testing, other;
};

struct domains *domains_new(const struct domains_parts *parts);
void domains_free(struct domains **domains); /* for _cleanup_ */

/* Each turn of the loop: `now_ms` is of clock_now_ms(), `now` of the wall clock. */
void domains_tick(struct domains *domains, int64_t now_ms, int64_t now);

/* NULL when out of memory.  It stays until the next call. */
struct domain *domains_find(struct domains *domains, const char *name);

/* Is what is known of it good still?  When not, it is being looked up after this. */
_must_check_ bool domain_is_ready(struct domains *domains, struct domain *domain);

/* Its record says that there is a policy, and it is not even being fetched, for too many are: it is
 * this machine that does not know, so mail for it has to come again. */
bool domain_is_starved(const struct domain *domain);

/* Adds what Postfix is told: a security level with attributes, or nothing at all. */
void domain_answer(struct domains *domains, const struct domain *domain, struct buffer *answer);

struct domains_count domains_counted(const struct domains *domains);

#endif
