// SPDX-License-Identifier: GPL-3.0-or-later
/* One question to the machine's resolver for addresses, and its answer, as bytes.  libc parses
 * (ns_initparse(3)). */
#ifndef POSTCASK_LISTS_LOOKUP_H
#define POSTCASK_LISTS_LOOKUP_H

#include <arpa/nameser.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	LOOKUP_QUESTION = NS_HFIXEDSZ + NS_MAXCDNAME + NS_QFIXEDSZ + 11,
	LOOKUP_ANSWER = 4096,
	LOOKUP_ADDRESSES = 32, /* of an answer; no list has so many */
	LOOKUP_TTL = 24 * 60 * 60,
};

enum lookup_result {
	LOOKUP_SILENT, /* none came in time */
	LOOKUP_FAILED, /* SERVFAIL, REFUSED, what cannot be read, or has run out (RFC 8914, 3) */
	LOOKUP_NOTHING,
	LOOKUP_FOUND,
};

struct lookup_answer {
	enum lookup_result result;
	uint32_t ttl; /* of what was found, or of that there is nothing; at most LOOKUP_TTL */
	size_t count;
	uint8_t addresses[LOOKUP_ADDRESSES][4];
};

/* A question with RD, and with EDNS, so that what has run out is said to be so.  Its size; 0 when
 * `name` is none. */
size_t lookup_message(const char *name, uint16_t id, unsigned char ret[LOOKUP_QUESTION]);

/* The number of an answer that might be one of ours.  False when it is no answer at all. */
bool lookup_id(const unsigned char *bytes, size_t size, uint16_t *ret_id);

/* False when the bytes are no answer to that question; *ret is then untouched. */
bool lookup_read(const unsigned char *bytes, size_t size, const char *name,
		 struct lookup_answer *ret);

#endif
