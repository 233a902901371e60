// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef POSTCASK_ASK_SECRET_H
#define POSTCASK_ASK_SECRET_H

#include "base/error.h"

/* One line: typed unseen after `prompt` at a terminal, else the first of standard input.  Owned by
 * the caller, who wipes it. */
_must_check_ int ask_secret(const char *prompt, char **ret_secret, struct error *error);

#endif
