// SPDX-License-Identifier: GPL-3.0-or-later
/* Text of strangers, made fit to be shown: one line of UTF-8 in which nothing moves
 * a terminal's cursor, turns the reading direction or hides. */
#ifndef POSTCASK_QUARANTINE_HARMLESS_H
#define POSTCASK_QUARANTINE_HARMLESS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"

/* Appends at most `limit` columns of the text (ending in "..." when there is more).
 * Control and formatting characters, and bytes that are no UTF-8, become '?'. */
void harmless_add(struct buffer *output, const char *text, size_t size, size_t limit);

/* As harmless_add, for mail that other programs make links of and that scanners read:
 * of ASCII only letters, digits and a little punctuation stay, and no dot or colon
 * that has no blank behind it. */
void harmless_add_plain(struct buffer *output, const char *text, size_t size, size_t limit);

/* The value of a header field decoded (RFC 2047; UTF-8, US-ASCII, ISO-8859-1 and
 * Windows-1252, other character sets stay encoded) and unfolded.  The result can hold
 * any byte. */
void harmless_decode(struct buffer *output, const char *value, size_t size);

/* Columns that the text takes on a terminal, as far as one can know. */
size_t harmless_width(const char *text, size_t size);

#endif
