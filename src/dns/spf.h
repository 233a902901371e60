// SPDX-License-Identifier: GPL-3.0-or-later
/* What a receiver makes of an SPF record (RFC 7208) for mail from one of our own addresses; and
 * what the whole record costs it, for who exceeds the limits is refused.
 *
 * This is for the check of our own records alone: mail is judged by a package.  It knows no macros
 * but says so, and leaves the mechanism `ptr` aside. */
#ifndef POSTCASK_DNS_SPF_H
#define POSTCASK_DNS_SPF_H

#include <stdbool.h>

#include "dns/answer.h"

enum {
	SPF_LOOKUPS_MAX = 10, /* RFC 7208 §4.6.4 */
	SPF_VOIDS_MAX = 2,
};

enum spf_result {
	SPF_OPEN, /* an answer is yet to come */
	SPF_NONE,
	SPF_NEUTRAL,
	SPF_PASS,
	SPF_SOFTFAIL,
	SPF_FAIL,
	SPF_BROKEN,  /* permerror: `why` */
	SPF_UNKNOWN, /* temperror, or it depends on a macro */
};

struct spf_verdict {
	enum spf_result result;
	unsigned lookups; /* of the whole record, whatever matched; not counted beyond 100 */
	unsigned voids;
	bool everybody; /* "+all" at its own end */
	bool open_end;	/* neither "all" nor "redirect" */
	bool ptr;
	char why[256]; /* of SPF_BROKEN: a clause */
};

/* The answer to a question, or NULL for one that is yet to come (dns/book.h). */
typedef const struct dns_answer *(*spf_look)(void *context, const char *name, const char *type);

/* The text begins as an SPF record does. */
bool spf_is_record(const char *text);

/* Judges `address` (numeric) by the record `text` of `domain`. */
void spf_evaluate(const char *domain, const char *text, const char *address, spf_look look,
		  void *context, struct spf_verdict *ret);

#endif
