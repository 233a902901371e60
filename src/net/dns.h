// SPDX-License-Identifier: GPL-3.0-or-later
/* Questions to a resolver, over UDP, parsed by libc (ns_initparse(3)): only what
 * it answers from its own knowledge, so that no internet is needed. */
#ifndef POSTCASK_NET_DNS_H
#define POSTCASK_NET_DNS_H

#include <arpa/nameser.h>
#include <stdint.h>

#include "base/buffer.h"
#include "net/failure.h"

struct dns_question {
	const char *address; /* of the resolver, numeric */
	unsigned port;
	const char *name;
	ns_class class;
	ns_type type;
	int64_t deadline_ms;
};

/* Asks, again every second (a datagram may be lost).  *ret_answer receives the
 * records of the type asked for, one a line: addresses in text, TXT strings
 * without quotes.  FAILURE_CONTENT when there are none, FAILURE_RESOURCE for
 * SERVFAIL, FAILURE_POLICY for REFUSED. */
_must_check_ enum failure_class dns_ask(const struct dns_question *question, struct buffer *answer,
					struct failure *failure);

/* The parser alone: one answer's bytes to lines. */
_must_check_ enum failure_class dns_parse(const unsigned char *bytes, size_t size, ns_type type,
					  struct buffer *answer, struct failure *failure);

#endif
