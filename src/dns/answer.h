// SPDX-License-Identifier: GPL-3.0-or-later
/* One answer of the DNS, as records in text: what resolver.h and direct.h give, and what everything
 * else here compares.
 *
 * A value is written as dig(1) prints it: names with their final dot and in small letters, and
 * hexadecimal in small letters and one piece.  TXT alone differs: its strings are one, without
 * quotes, and octets that are no printable ASCII are \DDD. */
#ifndef POSTCASK_DNS_ANSWER_H
#define POSTCASK_DNS_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/error.h"

struct dns_record {
	char *name; /* small letters, no final dot; "." is the root */
	char *type; /* "TXT", "RRSIG", ... */
	char *value;
	char *exact; /* as the server wrote it: each string in its quotes, capitals as they were */
	int64_t ttl;
};

enum { DNS_SILENT = -1 };

struct dns_answer {
	int code;	    /* of the header (RFC 1035 §4.1.1), DNS_SILENT when nobody answered */
	bool authoritative; /* AA */
	bool truncated;	    /* TC */
	bool secure;	    /* validated; only from resolver.h */
	bool bogus;
	char *why;  /* owned: why nobody answered, or why it is bogus; else NULL */
	char *zone; /* owned: whose SOA is in the authority section; NULL when there is none */
	/* The answer section, aliases among them; sorted, for servers turn their records round, and
	 * what is said of them should not. */
	struct dns_record *records;
	size_t count;
};

/* Reads a message.  -EBADMSG for what is none, -ENOMEM; *ret is then untouched. */
_must_check_ int dns_answer_parse(const void *bytes, size_t size, struct dns_answer *ret);

/* "nobody answered", with a sentence of why. */
void dns_answer_silent(struct dns_answer *answer, const char *format, ...) _printf_(2, 3);

/* The first record of the type from `*index` on, which is moved behind it; NULL when there is none.
 *
 *	for (size_t i = 0; (record = dns_answer_next(&answer, "MX", &i));)
 */
const struct dns_record *dns_answer_next(const struct dns_answer *answer, const char *type,
					 size_t *index);
size_t dns_answer_count(const struct dns_answer *answer, const char *type);

/* Where the aliases (CNAME) in the answer lead from `name`; points into the answer or is `name`. */
const char *dns_answer_alias(const struct dns_answer *answer, const char *name);

/* The two say the same, whatever their letters' size and blanks; TXT and CAA to the letter. */
bool dns_value_equal(const char *type, const char *a, const char *b);

/* The same name, with or without the final dot. */
bool dns_name_equal(const char *a, const char *b);

/* Without the final dot, for "%.*s" of a sentence. */
int dns_name_size(const char *name);

/* `name` is `zone` or below it. */
bool dns_name_below(const char *name, const char *zone);

void dns_answer_clear(struct dns_answer *answer);

#endif
