// SPDX-License-Identifier: GPL-3.0-or-later
/* A piece of somebody else's text: where it begins and how long it is.  Nothing is
 * copied, nothing is NUL-terminated. */
#ifndef POSTCASK_SLICE_H
#define POSTCASK_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/buffer.h"

struct slice {
	const char *at;
	size_t size;
};

#define SLICE(text) ((struct slice){(text), sizeof(text) - 1})

static inline struct slice slice_of(const char *text)
{
	return (struct slice){text, strlen(text)};
}

bool slice_equal(struct slice a, struct slice b);

/* As addresses are compared: without regard to the case of ASCII letters. */
bool slice_equal_case(struct slice a, struct slice b);

bool slice_starts(struct slice slice, struct slice start);
bool slice_ends(struct slice slice, struct slice end);

/* Takes `start` from the front, if it is there. */
bool slice_skip(struct slice *slice, struct slice start);

/* Without the blanks and tabs at both ends. */
struct slice slice_trim(struct slice slice);

/* What stands before the first `end`; that and `end` itself are taken from the front.
 * False, and nothing taken, when there is no `end`. */
bool slice_until(struct slice *slice, struct slice end, struct slice *ret_before);

/* A decimal number at the front; false when there is none or it is over 10^15. */
bool slice_number(struct slice *slice, long long *ret_number);

/* Copies at most size - 1 bytes and a NUL. */
void slice_copy(struct slice slice, char *to, size_t size);

/* Adds it to a text for people or JSON: at most `limit` bytes, with "?" for whatever is no
 * printable ASCII or whole UTF-8, so that nothing moves a terminal's cursor. */
void slice_add(struct buffer *buffer, struct slice slice, size_t limit);

#endif
