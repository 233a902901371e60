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
 * ends NEL, LS and PS, and what is not seen but makes a value look like another
 * one: byte order marks, zero-width blanks, soft hyphens and bidirectional
 * marks.  (The joiners U+200C and U+200D belong to some scripts.) */
bool encoding_is_control(uint32_t character);

/* The first such character or invalid byte; `lines` lets line feeds and tabs
 * pass.  False when there is none. */
bool encoding_find_control(const char *text, size_t size, bool lines, uint32_t *ret_character);

/* Number of characters; invalid bytes count one each. */
size_t encoding_length(const char *text, size_t size);

/* The text in quotes for a message: at most 60 characters, controls shown as
 * \xNN; owned by the caller, NULL when out of memory. */
char *encoding_quote(const char *text, size_t size);

#endif
