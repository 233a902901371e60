// SPDX-License-Identifier: GPL-3.0-or-later
/* What the machine serves at this moment, as far as records speak of it: the keys on port 25, and
 * the MTA-STS policies on port 443. */
#ifndef POSTCASK_DNS_LIVE_H
#define POSTCASK_DNS_LIVE_H

#include <stdbool.h>
#include <stddef.h>

enum { DNS_LIVE_KEYS = 2 };

struct dns_live_keys {
	char text[DNS_LIVE_KEYS][65]; /* SHA-256 of the SubjectPublicKeyInfo, hexadecimal */
	size_t count;		      /* ECDSA's and RSA's, or one for both */
	char *why;		      /* owned: why there is none; NULL else */
};

/* Asks port 25 of a numeric address by STARTTLS, once as servers of today do and once as those that
 * know RSA alone; at most `timeout_ms`. */
void dns_live_keys_ask(const char *address, int timeout_ms, struct dns_live_keys *ret);

/* Fetches https://NAME/.well-known/mta-sts.txt from port 443 of a numeric address, with a
 * certificate that the authorities of `authorities` (a file) vouch for.  Owned by the caller; NULL
 * and *ret_why (owned, a clause) when it cannot be had so (RFC 8461 §3.3: no redirects, at most 64
 * KiB). */
char *dns_live_policy(const char *address, const char *name, const char *authorities,
		      int timeout_ms, char **ret_why);

void dns_live_keys_clear(struct dns_live_keys *keys);

#endif
