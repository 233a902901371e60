// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "policy/store_rows.h"

enum {
	BUCKETS_LEAST = 1024, /* a power of two */
	CHANGES = 2048,	      /* in one batch; the next one follows at once */
	BUSY_MS = 100,	      /* to the next look at a disk that is slow */
	END_MS = 5000,
};

static void take_row(void *context, const char *name, const struct store_row *stored)
{
	struct store *store = context;
	enum store_kind kind = rows_kind(name);
	struct row *row;

	if (kind == STORE_KINDS || strlen(stored->key) >= STORE_KEY ||
	    rows_find(store, kind, stored->key))
		return;
	row = rows_make(store, kind, stored->key);
	if (!row)
		return;
	row->public = *stored;
	row->public.key = row->key;
}

static void forget_all(struct store *store)
{
	for (size_t i = 0; i < STORE_KINDS; i++) {
		while (store->kinds[i].oldest)
			rows_let_go(store, store->kinds[i].oldest);
		store->kinds[i].trimmed = false;
	}
}

static void open_file(struct store *store, struct error *told)
{
	_cleanup_(error_clear) struct error damage = ERROR_INIT;
	struct store_file file;
	int result = store_file_open(&file, store->path, take_row, store, &damage);

	if (result == -EUCLEAN) {
		forget_all(store);
		result = store_file_set_aside(&file, told);
		if (result == 0)
			result = store_file_open(&file, store->path, take_row, store, told);
		if (result == 0)
			error_set(told, EUCLEAN,
				  "%s; it is set aside as %s.damaged, and all "
				  "begins anew",
				  error_text(&damage), store->path);
	} else if (result < 0) {
		error_set(told, result, "%s; nothing that is learnt outlives this process",
			  error_text(&damage));
	}
	if (result == 0)
		store->writer = store_writer_start(&file);
}

struct store *store_open(const char *path, int64_t now_s, struct error *told)
{
	struct store *store = calloc(1, sizeof(*store));

	if (!store)
		return NULL;
	store->buckets = calloc(BUCKETS_LEAST, sizeof(*store->buckets));
	store->path = path ? strdup(path) : NULL;
	if (!store->buckets || (path && !store->path)) {
		store_close(&store);
		return NULL;
	}
	store->bucket_count = BUCKETS_LEAST;
	store->last_changed = &store->first_changed;
	store->now_ms = clock_now_ms();
	if (getrandom(&store->seed, sizeof(store->seed), 0) < 0)
		store->seed = (uint32_t)now_s;
	if (path)
		open_file(store, told);
	return store;
}

/* Those of the first changed rows for which there is room; rows that are gone are so now. */
static void list_changes(struct store *store, struct store_batch *batch)
{
	batch->changes = calloc(CHANGES, sizeof(*batch->changes));
	while (batch->changes && store->first_changed && batch->count < CHANGES) {
		struct row *row = store->first_changed;
		struct store_change *change = &batch->changes[batch->count++];

		change->kind = store_kinds[row->kind].name;
		change->gone = row->gone;
		change->row = row->public;
		memcpy(change->key, row->key, strlen(row->key) + 1);
		rows_forget_change(store, row);
		row->is_changed = false;
		if (row->gone)
			rows_let_go(store, row);
	}
}

/* What is older than the oldest: the order is that of use, and so of `seen`, unless the clock was
 * set back.  Then rows go from the disk that are still here, and are strangers after a start. */
static void list_trims(struct store *store, struct store_batch *batch)
{
	for (size_t i = 0; i < STORE_KINDS; i++) {
		const struct row *oldest = store->kinds[i].oldest;

		if (!store->kinds[i].trimmed)
			continue;
		store->kinds[i].trimmed = false;
		batch->trims[batch->trim_count++] = (struct store_trim){
		    store_kinds[i].name, oldest ? oldest->public.seen : INT64_MAX};
	}
}

static void write_changes(struct store *store)
{
	struct store_batch batch = {0};

	list_changes(store, &batch);
	list_trims(store, &batch);
	if (batch.changes)
		store_writer_give(store->writer, &batch);
	store->write_ms = store->now_ms + BUSY_MS; /* for those that had no room */
}

/* What was not written is changed still. */
static void take_back(struct store *store, const struct store_batch *batch)
{
	for (size_t i = 0; i < batch->count; i++) {
		const struct store_change *change = &batch->changes[i];
		enum store_kind kind = rows_kind(change->kind);
		struct row *row = rows_find(store, kind, change->key);

		if (row)
			rows_note_change(store, row);
		else if (change->gone && (row = rows_make(store, kind, change->key)))
			rows_mark_gone(store, row);
	}
	for (size_t i = 0; i < batch->trim_count; i++)
		store->kinds[rows_kind(batch->trims[i].kind)].trimmed = true;
}

static void note_all(struct store *store)
{
	for (size_t i = 0; i < STORE_KINDS; i++)
		for (struct row *row = store->kinds[i].newest; row; row = row->older)
			rows_note_change(store, row);
}

static void look_at_result(struct store *store, struct error *told)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	struct store_batch batch = {0};
	int result = store_writer_result(store->writer, &batch, &error);

	if (result == 0)
		return;
	if (result > 0) {
		free(store->trouble);
		store->trouble = NULL;
		return;
	}
	take_back(store, &batch);
	free(batch.changes);
	if (result == -EUCLEAN)
		note_all(store);
	else
		store->again_ms = store->now_ms + STORE_AGAIN_MS;
	if (!store->trouble) {
		store->trouble = strdup(error_text(&error));
		error_set(told, result, "%s", error_text(&error));
	}
}

static void expire(struct store *store, int64_t now_s)
{
	for (size_t i = 0; i < STORE_KINDS; i++) {
		struct rows *rows = &store->kinds[i];

		while (rows->oldest && rows->oldest->public.seen < now_s - store_kinds[i].keep) {
			rows_let_go(store, rows->oldest);
			rows->trimmed = true;
		}
	}
}

void store_tick(struct store *store, int64_t now_ms, int64_t now_s, struct error *told)
{
	store->now_ms = now_ms;
	expire(store, now_s);
	if (!store->writer)
		return;
	if (!store_writer_is_idle(store->writer)) {
		if (now_ms >= store->write_ms)
			store->write_ms = now_ms + BUSY_MS;
		return;
	}
	look_at_result(store, told);
	if (store->write_ms < store->again_ms)
		store->write_ms = store->again_ms;
	if (store->first_changed && now_ms >= store->write_ms)
		write_changes(store);
}

int64_t store_due(const struct store *store)
{
	return store->first_changed ? store->write_ms : INT64_MAX;
}

void store_close(struct store **store)
{
	int64_t deadline_ms = clock_now_ms() + END_MS;

	if (!*store)
		return;
	while ((*store)->writer && store_writer_wait((*store)->writer, deadline_ms) &&
	       (*store)->first_changed && clock_left_ms(deadline_ms) > 0)
		write_changes(*store);
	store_writer_stop(&(*store)->writer, deadline_ms);
	for (size_t i = 0; i < (*store)->bucket_count; i++)
		while ((*store)->buckets[i])
			rows_let_go(*store, (*store)->buckets[i]);
	free((*store)->buckets);
	free((*store)->trouble);
	free((*store)->path);
	free(*store);
	*store = NULL;
}
