// SPDX-License-Identifier: GPL-3.0-or-later
/* The certificates of the ACME authority for people and reports: what is there, when the next
 * attempt is, and what went wrong in words.  All of it may be known by everybody. */
#ifndef POSTCASK_ACME_SUMMARY_H
#define POSTCASK_ACME_SUMMARY_H

#include <stdint.h>

#include <jansson.h>

#include "base/buffer.h"

/* {"authority": "https://..." or null, "public": bool, "account", "method",
 *  "unreachable": ATTEMPT or null,
 *  "certificates": [{"for": "mail.example.org, ECDSA", "names": [...], "end": T or 0,
 *		      "life": S, "next": T, "failures": N, "error": "..." or null}]}
 * Of times in seconds since 1970; "authority" null when the settings have none.  NULL when
 * nothing is known. */
json_t *acme_summary(const char *keys, int64_t now);

/* For people, a line each. */
void acme_summary_text(const json_t *summary, int64_t now, struct buffer *text);

enum acme_alarm {
	ACME_QUIET,
	ACME_NOTE,     /* something is not as it should be, and there is time */
	ACME_DEGRADED, /* less than a third of the life is left, and it failed again and again */
	ACME_URGENT,   /* less than a tenth */
};

/* The worst of it; *ret_sentence (owned) says it with what to do, NULL when all is well. */
enum acme_alarm acme_summary_judge(const json_t *summary, int64_t now, char **ret_sentence);

#endif
