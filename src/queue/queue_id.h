// SPDX-License-Identifier: GPL-3.0-or-later
/* The names of Postfix's queue files, short and long (postconf(5), enable_long_queue_ids). */
#ifndef POSTCASK_QUEUE_ID_H
#define POSTCASK_QUEUE_ID_H

#include <stdbool.h>

#include "base/slice.h"

enum { QUEUE_ID_LIMIT = 24 }; /* bytes, with the final NUL */

bool queue_is_id(struct slice text);

#endif
