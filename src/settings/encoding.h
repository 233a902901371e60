// SPDX-License-Identifier: GPL-3.0-or-later
/* UTF-8 for settings: what a file and a value may consist of. */
#ifndef POSTCASK_ENCODING_H
#define POSTCASK_ENCODING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/utf8.h"
#include "settings/diagnostics.h"

/* Checks that a whole file is text as YAML wants it: UTF-8 without a byte order
 * mark, no control characters but tab and line ends.  Reports the first thing
 * that is not; `first_line` is the number of the text's first line (1: a file of
 * its own). */
bool encoding_check_text(const char *file, unsigned first_line, const char *text, size_t size,
			 struct diagnostics *diagnostics);

/* The first such character or invalid byte; `lines` lets line feeds and tabs
 * pass.  False when there is none. */
bool encoding_find_control(const char *text, size_t size, bool lines, uint32_t *ret_character);

/* Number of characters; invalid bytes count one each. */
size_t encoding_length(const char *text, size_t size);

/* The text in quotes for a message: at most 60 characters, controls shown as
 * \xNN; owned by the caller, NULL when out of memory. */
char *encoding_quote(const char *text, size_t size);

#endif
