// SPDX-License-Identifier: GPL-3.0-or-later
/* One question to the DNS, and one answer, as bytes.  libc parses (ns_initparse(3)). */
#ifndef POSTCASK_POLICY_DATAGRAM_H
#define POSTCASK_POLICY_DATAGRAM_H

#include <arpa/nameser.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

enum { DATAGRAM_QUESTION = NS_HFIXEDSZ + NS_MAXCDNAME + NS_QFIXEDSZ + 11 };

struct datagram_answer {
	int code;	/* ns_r_noerror, ns_r_nxdomain, ns_r_servfail, ... */
	bool truncated; /* not all of it: as good as none */
	uint32_t ttl;	/* of what was found, or of that there is nothing; in seconds */
};

/* Called for each TXT record of an answer, its strings joined. */
typedef void datagram_text(void *context, struct slice text);

/* A question with RD, and room for answers of any size (EDNS).  Its size; 0 when `name` is
 * none. */
size_t datagram_ask(const char *name, ns_type type, uint16_t id,
		    unsigned char ret[DATAGRAM_QUESTION]);

/* The number of an answer that might be one of ours.  False when it is no answer at all. */
bool datagram_id(const unsigned char *bytes, size_t size, uint16_t *ret_id);

/* False when the bytes are no answer to that question. */
bool datagram_read(const unsigned char *bytes, size_t size, const char *name, ns_type type,
		   datagram_text *text, void *context, struct datagram_answer *ret);

#endif
