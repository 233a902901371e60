/* UTF-8 for settings: what a file and a value may consist of. */
#ifndef POSTCASK_ENCODING_H
#define POSTCASK_ENCODING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "settings/diagnostics.h"

/* Decodes one character of at most `size` bytes (RFC 3629: no overlong forms,
 * no surrogates, at most U+10FFFF).  Returns its length, 0 when it is none. */
size_t encoding_decode(const char *text, size_t size, uint32_t *ret_character);

/* Checks that a whole file is text as YAML wants it: UTF-8 without a byte order
 * mark, no control characters but tab and line ends.  Reports the first thing
 * that is not; `first_line` is the number of the text's first line (1: a file of
 * its own). */
bool encoding_check_text(const char *file, unsigned first_line, const char *text, size_t size,
			 struct diagnostics *diagnostics);

/* Characters that have no place inside a one-line value: controls, the line
 * ends NEL, LS and PS, byte order marks, and bidirectional overrides, which make
 * a value look like another one. */
bool encoding_is_control(uint32_t character);

/* Number of characters; invalid bytes count one each. */
size_t encoding_length(const char *text, size_t size);

/* The text in quotes for a message: at most 60 characters, controls shown as
 * \xNN; owned by the caller, NULL when out of memory. */
char *encoding_quote(const char *text, size_t size);

#endif
