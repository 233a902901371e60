// SPDX-License-Identifier: GPL-3.0-or-later
#include "settings/names.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* FNV-1a, 64 bits. */
static uint64_t name_hash(const char *name, size_t size)
{
	uint64_t hash = 14695981039346656037u;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ (unsigned char)name[i]) * 1099511628211u;
	return hash ^ hash >> 32;
}

/* The slot that holds the name, or the free one where it would go. */
static struct name_slot *names_slot(struct name_slot *slots, size_t capacity, const char *name,
				    size_t size)
{
	size_t i = name_hash(name, size) & (capacity - 1);

	while (slots[i].name && (slots[i].size != size || memcmp(slots[i].name, name, size) != 0))
		i = (i + 1) & (capacity - 1);
	return &slots[i];
}

const void *names_find(const struct names *names, const char *name, size_t size)
{
	if (!names->count)
		return NULL;
	return names_slot(names->slots, names->capacity, name, size)->value;
}

static int names_grow(struct names *names)
{
	size_t capacity = names->capacity ? names->capacity * 2 : 16;
	struct name_slot *slots = calloc(capacity, sizeof(*slots));

	if (!slots)
		return -ENOMEM;
	for (size_t i = 0; i < names->capacity; i++) {
		const struct name_slot *old = &names->slots[i];

		if (old->name)
			*names_slot(slots, capacity, old->name, old->size) = *old;
	}
	free(names->slots);
	names->slots = slots;
	names->capacity = capacity;
	return 0;
}

int names_add(struct names *names, const char *name, size_t size, const void *value)
{
	if (names->count * 2 >= names->capacity && names_grow(names) < 0)
		return -ENOMEM;
	*names_slot(names->slots, names->capacity, name, size) =
	    (struct name_slot){.name = name, .size = size, .value = value};
	names->count++;
	return 0;
}

void names_free(struct names *names)
{
	free(names->slots);
	*names = NAMES_INIT;
}
