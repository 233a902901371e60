// SPDX-License-Identifier: GPL-3.0-or-later
/* A map from names (byte strings) to pointers by hashing: for finding
 * duplicates among many thousands.  The names are not copied and must outlive
 * the map. */
#ifndef POSTCASK_NAMES_H
#define POSTCASK_NAMES_H

#include <stddef.h>

#include "base/cleanup.h"

struct name_slot {
	const char *name; /* NULL: free */
	size_t size;
	const void *value;
};

struct names {
	struct name_slot *slots; /* open addressing; capacity is a power of two */
	size_t count, capacity;
};

#define NAMES_INIT ((struct names){0})

/* What was stored under the name, or NULL. */
const void *names_find(const struct names *names, const char *name, size_t size);

/* Stores a name that is not there yet; `value` must not be NULL.  0 or -ENOMEM. */
_must_check_ int names_add(struct names *names, const char *name, size_t size, const void *value);

void names_free(struct names *names);

#endif
