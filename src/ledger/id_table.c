// SPDX-License-Identifier: GPL-3.0-or-later
#include "ledger/id_table.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

enum { FREE, USED, WAS_USED, FIRST_CAPACITY = 256 };

void id_table_init(struct id_table *table, size_t limit)
{
	*table = (struct id_table){.limit = limit, .key = 0x9e3779b97f4a7c15};
	if (getrandom(&table->key, sizeof(table->key), GRND_NONBLOCK) < 0)
		table->key ^= (uintptr_t)table;
}

void id_table_free(struct id_table *table)
{
	free(table->slots);
	table->slots = NULL;
	table->capacity = table->used = table->filled = 0;
}

static size_t hash(const struct id_table *table, struct slice name)
{
	uint64_t value = table->key;

	for (size_t i = 0; i < name.size; i++) {
		value = (value ^ (unsigned char)name.at[i]) * 0x100000001b3;
		value ^= value >> 29;
	}
	return (size_t)value;
}

/* Its slot, or the one where it may be put. */
static struct id_slot *look(const struct id_table *table, struct slice name)
{
	struct id_slot *place = NULL;

	for (size_t at = hash(table, name);; at++) {
		struct id_slot *slot = &table->slots[at & (table->capacity - 1)];

		if (slot->state == FREE)
			return place ? place : slot;
		if (slot->state == WAS_USED)
			place = place ? place : slot;
		else if (slice_equal(slice_of(slot->name), name))
			return slot;
	}
}

uint32_t id_table_find(const struct id_table *table, struct slice name)
{
	const struct id_slot *slot;

	if (table->capacity == 0 || name.size >= LINE_NAME_LIMIT)
		return ID_NONE;
	slot = look(table, name);
	return slot->state == USED ? slot->value : ID_NONE;
}

static int make_room(struct id_table *table)
{
	struct id_table larger = *table;

	if ((table->filled + 1) * 4 <= table->capacity * 3)
		return 0;
	larger.capacity = FIRST_CAPACITY;
	while (larger.capacity < (table->used + 1) * 2)
		larger.capacity *= 2;
	larger.slots = calloc(larger.capacity, sizeof(*larger.slots));
	if (!larger.slots)
		return -ENOMEM;
	for (size_t i = 0; i < table->capacity; i++)
		if (table->slots[i].state == USED)
			*look(&larger, slice_of(table->slots[i].name)) = table->slots[i];
	larger.filled = larger.used;
	free(table->slots);
	*table = larger;
	return 0;
}

int id_table_set(struct id_table *table, struct slice name, uint32_t value)
{
	struct id_slot *slot;

	if (name.size >= LINE_NAME_LIMIT)
		return -EINVAL;
	slot = table->capacity ? look(table, name) : NULL;
	if (slot && slot->state == USED) {
		slot->value = value; /* nothing moves: a loop over the table may change it */
		return 0;
	}
	if (make_room(table) < 0)
		return -ENOMEM;
	slot = look(table, name);
	if (slot->state != USED) {
		if (table->used == table->limit)
			return -ENOSPC;
		table->used++;
		table->filled += slot->state == FREE;
		slice_copy(name, slot->name, sizeof(slot->name));
		slot->state = USED;
	}
	slot->value = value;
	return 0;
}

void id_table_remove(struct id_table *table, struct slice name)
{
	struct id_slot *slot;

	if (table->capacity == 0 || name.size >= LINE_NAME_LIMIT)
		return;
	slot = look(table, name);
	if (slot->state == USED) {
		slot->state = WAS_USED;
		table->used--;
	}
}

const struct id_slot *id_table_next(const struct id_table *table, const struct id_slot *slot)
{
	const struct id_slot *end = table->slots + table->capacity;

	for (slot = slot ? slot + 1 : table->slots; slot < end; slot++)
		if (slot->state == USED)
			return slot;
	return NULL;
}
