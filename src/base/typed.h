// SPDX-License-Identifier: GPL-3.0-or-later
/* Random secrets that people read and type: letters of which none looks like another, five bits
 * each, in groups of four with a - between them. */
#ifndef POSTCASK_TYPED_H
#define POSTCASK_TYPED_H

#include <stddef.h>

#include "base/error.h"

#define TYPED_LETTERS "abcdefghijkmnpqrstuvwxyz23456789"

enum { TYPED_GROUP = 4 };

/* With its NUL, of a number of letters that has whole groups. */
#define TYPED_SIZE(letters) ((letters) + (letters) / TYPED_GROUP)

/* `ret` has the room for that many letters; the caller wipes it. */
_must_check_ int typed_make(char *ret, size_t letters, struct error *error);

#endif
