// SPDX-License-Identifier: GPL-3.0-or-later
/* One script of rules.h, and its file. */
#ifndef POSTCASK_RULES_SCRIPT_H
#define POSTCASK_RULES_SCRIPT_H

#include <stdbool.h>

#include "rules/rules.h"

enum { SCRIPT_LIMIT = 256 * 1024 }; /* bytes of a file that is read */

/* Where it lies, below the folder: DOMAIN/NAME.sieve.  NULL for what has no place in a file system,
 * and without memory.  The caller's. */
char *script_name(const char *address);

/* Whether the file `name` is this text already. */
bool script_is(const struct rules *rules, const char *name, const char *text);

/* Proves it and puts it in the place of the one before: after a power cut there is the old one or
 * the new one.  -EBADMSG with sievec's sentence for one that it does not take; then nothing has
 * changed. */
/* The folder of its domain is of the group of the one above it, whose setgid bit does that. */
_must_check_ int script_put(const struct rules *rules, const char *name, const char *text,
			    struct error *error);

#endif
