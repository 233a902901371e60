// SPDX-License-Identifier: GPL-3.0-or-later
/* Characters in UTF-8. */
#ifndef POSTCASK_UTF8_H
#define POSTCASK_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Decodes one character of at most `size` bytes (RFC 3629: no overlong forms,
 * no surrogates, at most U+10FFFF).  Returns its length, 0 when it is none. */
size_t utf8_decode(const char *text, size_t size, uint32_t *ret_character);

/* Characters that have no place inside a one-line value: controls, the line
 * ends NEL, LS and PS, and what is not seen but makes a value look like another
 * one: byte order marks, zero-width blanks, soft hyphens and bidirectional
 * marks.  (The joiners U+200C and U+200D belong to some scripts.) */
bool utf8_is_control(uint32_t character);

/* Makes every byte that is no printable ASCII a '?': what somebody else wrote, for one line on
 * a console.  NULL is nothing. */
void ascii_make_printable(char *text);

#endif
