// SPDX-License-Identifier: GPL-3.0-or-later
/* Text on its way to the index.  Dovecot gets UTF-8 without control characters, whatever a program
 * wrote. */
#ifndef POSTCASK_TEXT_WORDS_H
#define POSTCASK_TEXT_WORDS_H

#include <stdint.h>

#include "base/buffer.h"
#include "base/slice.h"

/* A character; what is none is a blank. */
void words_add_character(struct buffer *words, uint32_t character);

/* Adds the text, with a blank for each byte that is no UTF-8, and for controls; as much of it as
 * there is room for. */
void words_add(struct buffer *words, struct slice text);

_must_check_ bool words_full(const struct buffer *words);

#endif
