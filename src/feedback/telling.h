// SPDX-License-Identifier: GPL-3.0-or-later
/* What other servers reported, in words: of each domain of ours, whose mail in its name was proved
 * and whose was not, how mail to it came over TLS, and what to do about it. */
#ifndef POSTCASK_FEEDBACK_TELLING_H
#define POSTCASK_FEEDBACK_TELLING_H

#include "base/buffer.h"
#include "feedback/kept.h"

enum {
	TELLING_DAYS = 14, /* that are told of, where nobody says otherwise */
	TELLING_SOURCES = 10,
};

/* Of the last `days` days:
 *
 *	{"days": 14, "domains": [{"domain": "example.org", "reporters": ["google.com"],
 *	  "policy": "none", "messages": 1204, "proved": 1190,
 *	  "unproved": [{"source": "203.0.113.9", "messages": 14, "ours": false, "advice": "..."}],
 *	  "sessions": 300, "failed": 2,
 *	  "failures": [{"failure": "certificate-expired", "sessions": 2, "server":
 *"mail.example.org", "advice": "..."}], "advice": "..."}], "other": {"unproved": 3}}
 *
 * of `domain` alone unless it is NULL.  `is_ours` tells whether an address is the machine's.
 * Owned by the caller; NULL on failure. */
json_t *telling_json(struct kept *kept, int days, int64_t now, const char *domain,
		     bool (*is_ours)(void *context, const char *address), void *context,
		     struct error *error);

/* The same for people. */
void telling_text(const json_t *told, struct buffer *text);

#endif
