// SPDX-License-Identifier: GPL-3.0-or-later
/* The text of an RTF document (Rich Text Format 1.9.1).  Debian's program for it leaves out what is
 * no Latin-1 (docs/decisions/search.md). */
#ifndef POSTCASK_TEXT_RTF_H
#define POSTCASK_TEXT_RTF_H

#include "base/buffer.h"
#include "base/slice.h"

/* Adds the words of `document`, as far as it can be read. */
void rtf_read(struct slice document, struct buffer *words);

#endif
