// SPDX-License-Identifier: GPL-3.0-or-later
/* An answer of the DNS, as bytes: its texts. */
#ifndef POSTCASK_POLICY_DATAGRAM_H
#define POSTCASK_POLICY_DATAGRAM_H

#include <arpa/nameser.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct datagram_answer {
	int code;	/* ns_r_noerror, ns_r_nxdomain, ns_r_servfail, ... */
	bool truncated; /* not all of it: as good as none */
	uint32_t ttl;	/* of what was found, or of that there is nothing; in seconds */
};

/* Called for each TXT record of an answer, its strings joined. */
typedef void datagram_text(void *context, struct slice text);

/* False when the bytes are no answer to that question. */
bool datagram_read(const unsigned char *bytes, size_t size, const char *name, ns_type type,
		   datagram_text *text, void *context, struct datagram_answer *ret);

#endif
