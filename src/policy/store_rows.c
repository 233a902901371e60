// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/store_rows.h"

#include <stdlib.h>
#include <string.h>

#include "base/slice.h"

enum { DAY = 24 * 60 * 60 };

const struct store_row_kind store_kinds[STORE_KINDS] = {
    [STORE_WRITTEN] = {"written", 10000, 400 * DAY}, [STORE_PERSON] = {"person", 20000, 400 * DAY},
    [STORE_WAITING] = {"waiting", 50000, 2 * DAY},   [STORE_NETWORK] = {"network", 30000, 60 * DAY},
    [STORE_PROVED] = {"proved", 30000, 60 * DAY},    [STORE_SENT] = {"sent", 50000, 26 * 3600},
};

enum store_kind rows_kind(const char *name)
{
	size_t kind = 0;

	while (kind < STORE_KINDS && strcmp(store_kinds[kind].name, name) != 0)
		kind++;
	return (enum store_kind)kind;
}

/* ---- Rows in memory ---- */

static struct row **bucket_of(const struct store *store, enum store_kind kind, const char *key)
{
	uint32_t hash = store->seed ^ (uint32_t)kind;

	for (; *key; key++) /* FNV-1a, from a start of our own */
		hash = (hash ^ (unsigned char)*key) * 16777619u;
	return &store->buckets[(hash ^ hash >> 15) & (store->bucket_count - 1)];
}

struct row *rows_find(const struct store *store, enum store_kind kind, const char *key)
{
	struct row *row = *bucket_of(store, kind, key);

	while (row && (row->kind != kind || strcmp(row->key, key) != 0))
		row = row->next;
	return row;
}

static void leave_order(struct store *store, struct row *row)
{
	struct rows *rows = &store->kinds[row->kind];

	*(row->newer ? &row->newer->older : &rows->newest) = row->older;
	*(row->older ? &row->older->newer : &rows->oldest) = row->newer;
	rows->count--;
}

static void become_newest(struct store *store, struct row *row)
{
	struct rows *rows = &store->kinds[row->kind];

	row->newer = NULL;
	row->older = rows->newest;
	*(rows->newest ? &rows->newest->newer : &rows->oldest) = row;
	rows->newest = row;
	rows->count++;
}

void rows_note_change(struct store *store, struct row *row)
{
	if (row->is_changed || !store->writer)
		return;
	if (!store->first_changed)
		store->write_ms = store->now_ms + STORE_COMMIT_MS;
	row->is_changed = true;
	row->changed = NULL;
	*store->last_changed = row;
	store->last_changed = &row->changed;
}

void rows_forget_change(struct store *store, struct row *row)
{
	struct row **link = &store->first_changed;

	while (*link != row)
		link = &(*link)->changed;
	*link = row->changed;
	if (!*link)
		store->last_changed = link;
}

void rows_let_go(struct store *store, struct row *row)
{
	struct row **link = bucket_of(store, (enum store_kind)row->kind, row->key);

	while (*link != row)
		link = &(*link)->next;
	*link = row->next;
	if (!row->gone)
		leave_order(store, row);
	if (row->is_changed)
		rows_forget_change(store, row);
	store->count--;
	free(row);
}

void rows_mark_gone(struct store *store, struct row *row)
{
	leave_order(store, row);
	row->gone = true;
	rows_note_change(store, row);
}

/* More buckets when there are more rows than these; without memory it only gets slower. */
static void grow(struct store *store)
{
	size_t before = store->bucket_count, count = before * 2;
	struct row **old = store->buckets, **more = calloc(count, sizeof(*more));

	if (!more)
		return;
	store->buckets = more;
	store->bucket_count = count;
	for (size_t i = 0; i < before; i++)
		for (struct row *row = old[i], *next; row; row = next) {
			struct row **bucket =
			    bucket_of(store, (enum store_kind)row->kind, row->key);

			next = row->next;
			row->next = *bucket;
			*bucket = row;
		}
	free(old);
}

struct row *rows_make(struct store *store, enum store_kind kind, const char *key)
{
	struct rows *rows = &store->kinds[kind];
	size_t size = strlen(key) + 1;
	struct row *row = calloc(1, sizeof(*row) + size), **bucket;

	if (!row)
		return NULL;
	if (rows->count >= store_kinds[kind].limit) {
		rows_let_go(store, rows->oldest);
		rows->trimmed = true;
	}
	if (store->count >= store->bucket_count)
		grow(store);
	memcpy(row->key, key, size);
	row->public.key = row->key;
	row->kind = (uint8_t)kind;
	bucket = bucket_of(store, kind, key);
	row->next = *bucket;
	*bucket = row;
	become_newest(store, row);
	store->count++;
	return row;
}

/* ---- What others see of them ---- */

static const char *shortened(const char *key, char room[STORE_KEY])
{
	if (strlen(key) < STORE_KEY)
		return key;
	slice_copy((struct slice){key, STORE_KEY - 1}, room, STORE_KEY);
	return room;
}

const struct store_row *store_find(const struct store *store, enum store_kind kind, const char *key)
{
	char room[STORE_KEY];
	const struct row *row = rows_find(store, kind, shortened(key, room));

	return row && !row->gone ? &row->public : NULL;
}

struct store_row *store_take(struct store *store, enum store_kind kind, const char *key,
			     int64_t now_s)
{
	char room[STORE_KEY];
	struct row *row;

	key = shortened(key, room);
	row = rows_find(store, kind, key);
	if (row && !row->gone) {
		leave_order(store, row);
		become_newest(store, row);
	} else if (row) { /* it was to go, and is another one now */
		row->public = (struct store_row){.begun = now_s, .key = row->key};
		row->gone = false;
		become_newest(store, row);
	} else {
		row = rows_make(store, kind, key);
		if (!row)
			return NULL;
		row->public.begun = now_s;
	}
	row->public.seen = now_s;
	rows_note_change(store, row);
	return &row->public;
}

void store_drop(struct store *store, enum store_kind kind, const char *key)
{
	char room[STORE_KEY];
	struct row *row = rows_find(store, kind, shortened(key, room));

	if (!row || row->gone)
		return;
	if (store->writer)
		rows_mark_gone(store, row);
	else
		rows_let_go(store, row);
}

size_t store_count(const struct store *store, enum store_kind kind)
{
	return store->kinds[kind].count;
}

bool store_is_flooded(const struct store *store, enum store_kind kind, int64_t since_s)
{
	const struct rows *rows = &store->kinds[kind];

	return rows->count >= store_kinds[kind].limit && rows->oldest->public.seen > since_s;
}

void store_walk(const struct store *store, enum store_kind kind, store_each *each, void *context)
{
	const struct row *row = store->kinds[kind].newest;

	while (row && each(context, &row->public))
		row = row->older;
}

const char *store_trouble(const struct store *store)
{
	return store->trouble;
}
