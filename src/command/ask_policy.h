// SPDX-License-Identifier: GPL-3.0-or-later
/* What root asks postcask-policy(8), which answers with a line of JSON. */
#ifndef POSTCASK_ASK_POLICY_H
#define POSTCASK_ASK_POLICY_H

#include <jansson.h>

#include "base/error.h"

/* A new reference.  What the answer calls an error is one. */
_must_check_ int ask_policy(json_t **ret, struct error *error, const char *format, ...)
    _printf_(3, 4);

/* An address as logins are counted, in small letters; owned by the caller.  NULL, and the reason,
 * for what is none. */
char *address_for_policy(const char *text, struct error *error);

#endif
