// SPDX-License-Identifier: GPL-3.0-or-later
/* Values that follow from others, for templates that cannot compute. */
#ifndef POSTCASK_DERIVE_H
#define POSTCASK_DERIVE_H

#include <jansson.h>

#include "base/cleanup.h"

/* Adds them to complete, correct settings (see settings/meaning.h for the
 * list).  0 or -ENOMEM. */
_must_check_ int derive_values(json_t *settings);

#endif
