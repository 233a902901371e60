// SPDX-License-Identifier: GPL-3.0-or-later
/* The table in words: for `postcask explain`. */
#ifndef POSTCASK_EXPLAIN_H
#define POSTCASK_EXPLAIN_H

#include "base/buffer.h"
#include "base/error.h"
#include "settings/table.h"

/* Adds `text` in lines of at most `width` columns, each after `indent`. */
void explain_wrap(struct buffer *buffer, const char *indent, unsigned width, const char *text);

/* "a list of domain names, at most 10000", "a number from 1 to 200", ... */
void explain_type(struct buffer *buffer, const struct setting *setting);

/* All keys of this version, one a line with the first sentence. */
void explain_all(struct buffer *buffer);

/* One key, with its keys where it has some; "mail." before it may be left out,
 * and so may [].  -ENOENT with the nearest key named. */
_must_check_ int explain_key(struct buffer *buffer, const char *key, struct error *error);

#endif
