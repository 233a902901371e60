// SPDX-License-Identifier: GPL-3.0-or-later
/* Whether the DNS shows of the machine what it should: each authoritative name server is asked, and
 * what the machine serves is compared.  See postcask-dns(8) for what is found. */
#ifndef POSTCASK_DNS_CHECK_H
#define POSTCASK_DNS_CHECK_H

#include "dns/finding.h"

struct dns_check_options {
	const char *live; /* numeric address of port 25 and 443, where they are this machine's */
	const char *authorities; /* the certificates that browsers trust, a file */
	const char *resolv_conf;
};

extern const struct dns_check_options dns_check_machine;

struct dns_result {
	struct dns_findings findings;
	bool offline;		    /* the DNS does not answer at all: nothing was found out */
	char *why;		    /* owned; of offline */
	size_t checked, unfinished; /* domains, and the host */
};

#define DNS_RESULT_INIT ((struct dns_result){0})

/* Checks the host and `count` domains of the settings; without the host where `host` is false.
 * One domain takes some tens of milliseconds, of servers that answer; everything together is given
 * up after `timeout_ms`, and then what was not found out is no finding.  -ENOENT without a
 * resolver, -ENOMEM. */
_must_check_ int dns_check(const struct dns_facts *facts, bool host, const char *const *domains,
			   size_t count, const struct dns_check_options *options, int timeout_ms,
			   struct dns_result *ret, struct error *error);

void dns_result_clear(struct dns_result *result);

#endif
