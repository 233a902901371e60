// SPDX-License-Identifier: GPL-3.0-or-later
/* What Postfix tells of one TLS session with another server (smtp_tlsrpt_enable): a datagram of
 * libtlsrpt, JSON with names of one letter.  Names, texts and numbers in it are another server's.
 *
 * It is read into what a report of RFC 8460 has of it: a policy, its failures, whether it went
 * well. */
#ifndef POSTCASK_OUTWARD_EVENT_H
#define POSTCASK_OUTWARD_EVENT_H

#include <jansson.h>
#include <stdbool.h>

#include "base/slice.h"
#include "outward/netstring.h"

enum {
	EVENT_DATAGRAM = 65535,
	EVENT_POLICIES = 4,  /* RFC 8460 knows three kinds */
	EVENT_FAILURES = 16, /* of one session */
	EVENT_STRINGS = 64,  /* of a policy; what is above is left out */
	EVENT_TEXT = 512,    /* bytes of each */
};

struct event_policy {
	json_t *policy; /* "policy" of a report, RFC 8460 §4.4 */
	bool failed;
	json_t *failures[EVENT_FAILURES]; /* of "failure-details", without a count */
	size_t failure_count;
};

struct event {
	char domain[OUTWARD_NAME];
	char *record; /* owned: its TXT record, which says who wants reports */
	struct event_policy policies[EVENT_POLICIES];
	size_t count;
};

#define EVENT_INIT ((struct event){0})

/* False when it is none of libtlsrpt's. */
_must_check_ bool event_parse(struct slice datagram, struct event *ret);

void event_clear(struct event *event); /* for _cleanup_ */

#endif
