// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/limit_table.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { FIRST_CAPACITY = 256 };

static const uint64_t FNV_PRIME = 0x100000001b3;

/* FNV-1a from a secret start, and mixed at the end. */
static size_t place_of(const struct limit_table *table, const char *key)
{
	uint64_t hash = table->secret;

	for (; *key; key++)
		hash = (hash ^ (unsigned char)*key) * FNV_PRIME;
	hash ^= hash >> 33;
	hash *= 0xff51afd7ed558ccd ^ table->secret << 1;
	return (size_t)(hash ^ hash >> 29) & (table->capacity - 1);
}

void limit_table_init(struct limit_table *table, size_t most, unsigned numbers)
{
	*table = (struct limit_table){.most = most, .numbers = numbers};
	if (getrandom(&table->secret, sizeof(table->secret), 0) < 0)
		table->secret = (uint64_t)(uintptr_t)table;
}

static void unlink_row(struct limit_table *table, struct limit_row *row)
{
	*(row->newer ? &row->newer->older : &table->newest) = row->older;
	*(row->older ? &row->older->newer : &table->oldest) = row->newer;
}

static void link_newest(struct limit_table *table, struct limit_row *row)
{
	row->newer = NULL;
	row->older = table->newest;
	*(table->newest ? &table->newest->newer : &table->oldest) = row;
	table->newest = row;
}

static void remove_oldest(struct limit_table *table)
{
	struct limit_row *row = table->oldest, **at = table->slots + place_of(table, row->key);

	while (*at != row)
		at = &(*at)->chain;
	*at = row->chain;
	unlink_row(table, row);
	table->count--;
	free(row);
}

static bool grow(struct limit_table *table)
{
	size_t capacity = table->capacity ? table->capacity * 2 : FIRST_CAPACITY;
	struct limit_row **slots = calloc(capacity, sizeof(*slots));

	if (!slots)
		return table->capacity != 0;
	free(table->slots);
	table->slots = slots;
	table->capacity = capacity;
	for (struct limit_row *row = table->oldest; row; row = row->newer) {
		size_t place = place_of(table, row->key);

		row->chain = slots[place];
		slots[place] = row;
	}
	return true;
}

static struct limit_row *find(const struct limit_table *table, const char *key)
{
	struct limit_row *row = table->capacity ? table->slots[place_of(table, key)] : NULL;

	while (row && strcmp(row->key, key) != 0)
		row = row->chain;
	return row;
}

/* A text is cut before it is hashed, so that it is found again. */
static const char *cut(const char *key, char into[LIMIT_KEY])
{
	size_t size = strnlen(key, LIMIT_KEY - 1);

	memcpy(into, key, size);
	into[size] = '\0';
	return into;
}

struct limit_row *limit_table_find(struct limit_table *table, const char *key)
{
	char text[LIMIT_KEY];
	struct limit_row *row = find(table, cut(key, text));

	if (row && row != table->newest) {
		unlink_row(table, row);
		link_newest(table, row);
	}
	return row;
}

struct limit_row *limit_table_get(struct limit_table *table, const char *key)
{
	struct limit_row *row = limit_table_find(table, key);
	size_t numbers = table->numbers * sizeof(*row->numbers), size, place;

	if (row)
		return row;
	if (table->count >= table->most)
		remove_oldest(table);
	if (table->count >= table->capacity && !grow(table))
		return NULL;
	size = strnlen(key, LIMIT_KEY - 1);
	row = calloc(1, sizeof(*row) + numbers + size + 1);
	if (!row)
		return NULL;
	row->numbers = (uint32_t *)(row + 1);
	row->key = (char *)row->numbers + numbers;
	memcpy(row->key, key, size);
	place = place_of(table, row->key);
	row->chain = table->slots[place];
	table->slots[place] = row;
	link_newest(table, row);
	table->count++;
	return row;
}

void limit_table_free(struct limit_table *table)
{
	while (table->count)
		remove_oldest(table);
	free(table->slots);
	*table = (struct limit_table){0};
}
