// SPDX-License-Identifier: GPL-3.0-or-later
/* What is watched, by the table of components. */
#ifndef POSTCASK_PARTS_H
#define POSTCASK_PARTS_H

#include <stddef.h>

#include "watch/watch.h"

/* The parts; who is needed stands before who needs it, as in the table.  Owned by the caller;
 * NULL when out of memory. */
struct watched *parts_list(size_t *ret_count);

#endif
