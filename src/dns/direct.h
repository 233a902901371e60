// SPDX-License-Identifier: GPL-3.0-or-later
/* Questions to name servers themselves: not recursive, so that they say what they have now, and no
 * cache between.  Many at once, each over UDP and, when the answer does not fit, over TCP. */
#ifndef POSTCASK_DNS_DIRECT_H
#define POSTCASK_DNS_DIRECT_H

#include "dns/answer.h"

struct dns_direct {
	const char *server; /* numeric address */
	const char *name;
	const char *type;
	struct dns_answer answer; /* dns_answer_clear; signatures (RRSIG) are among its records */
};

/* Asks all of them, and returns when the last is answered, given up, or after `timeout_ms`; a
 * silent answer says why.  Each is asked three times within 1.5 s; a server that has been silent to
 * the first questions is asked none of the rest.  Whoever is not in this machine's reach (no route,
 * as to IPv6 where there is none) is silent with -ENETUNREACH's sentence. */
void dns_direct_ask(struct dns_direct *questions, size_t count, int timeout_ms);

#endif
