// SPDX-License-Identifier: GPL-3.0-or-later
/* Active Directory gives of a list of more than 1,500 values a part, under another name:
 * "member;range=0-1499".  The next is asked for by its number, and the last is "1500-*". */
#ifndef POSTCASK_MIRROR_RANGE_H
#define POSTCASK_MIRROR_RANGE_H

#include <stdbool.h>
#include <stddef.h>

enum { RANGE_MOST = 10000000 };

/* Whether an attribute's name is such a part's: the size of the name before it, and the number of
 * the first value that is not in it; 0 where it was the last. */
bool range_parse(const char *attribute, size_t *ret_size, long *ret_next);

#endif
