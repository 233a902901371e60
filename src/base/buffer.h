// SPDX-License-Identifier: GPL-3.0-or-later
/* A growing byte string, always NUL-terminated after its length.  After a
 * failed allocation it stays failed: callers check once, at the end, with
 * buffer_take or buffer_failed. */
#ifndef POSTCASK_BUFFER_H
#define POSTCASK_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"

struct buffer {
	char *data;  /* owned; NULL while empty */
	size_t size; /* bytes in use, without the final NUL */
	size_t capacity;
	bool failed;
};

#define BUFFER_INIT ((struct buffer){0})

void buffer_add(struct buffer *buffer, const void *bytes, size_t size);
void buffer_add_text(struct buffer *buffer, const char *text);
void buffer_add_char(struct buffer *buffer, char c);
void buffer_addf(struct buffer *buffer, const char *format, ...) _printf_(2, 3);

/* The text so far, never NULL; valid until the next change. */
const char *buffer_text(const struct buffer *buffer);

/* Hands the text over (owned by the caller, free()); NULL when an allocation
 * had failed.  The buffer is empty afterwards. */
char *buffer_take(struct buffer *buffer);

/* Removes the first `size` bytes. */
void buffer_consume(struct buffer *buffer, size_t size);
void buffer_reset(struct buffer *buffer); /* empties, keeps the memory */
void buffer_free(struct buffer *buffer);  /* for _cleanup_(buffer_free) */
void buffer_wipe(struct buffer *buffer);  /* overwrites, then frees: for secrets */

#endif
