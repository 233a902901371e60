// SPDX-License-Identifier: GPL-3.0-or-later
/* The machine's resolver's answer to a question for addresses, as bytes.  The question has EDNS, so
 * that what has run out is said to be so. */
#ifndef POSTCASK_LISTS_LOOKUP_H
#define POSTCASK_LISTS_LOOKUP_H

#include <arpa/nameser.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
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

/* False when the bytes are no answer to that question; *ret is then untouched. */
bool lookup_read(const unsigned char *bytes, size_t size, const char *name,
		 struct lookup_answer *ret);

#endif
