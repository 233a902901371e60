// SPDX-License-Identifier: GPL-3.0-or-later
/* Addresses with a + of their own (a+b@), which is also what separates a label from an
 * address (alice+label@): Postfix and Dovecot have to be told of each. */
#ifndef POSTCASK_PLUS_H
#define POSTCASK_PLUS_H

#include <jansson.h>

#include "base/cleanup.h"

/* Adds to complete settings `plus`, {address, local, domain, is_user} of each, those with
 * most + first, and `plus_users`, the users among them.  0 or -ENOMEM. */
_must_check_ int plus_derive(json_t *settings);

#endif
