// SPDX-License-Identifier: GPL-3.0-or-later
/* The store's rows in memory, for store.c, which has the disk beside it, and store_rows.c. */
#ifndef POSTCASK_POLICY_STORE_ROWS_H
#define POSTCASK_POLICY_STORE_ROWS_H

#include "policy/store_writer.h"

struct store_row_kind {
	const char *name; /* on the disk */
	size_t limit;	  /* of rows */
	int64_t keep;	  /* seconds since it was seen */
};

extern const struct store_row_kind store_kinds[STORE_KINDS];

struct row {
	struct store_row public; /* first: whoever has it has the row */
	struct row *next;	 /* of its bucket */
	struct row *newer, *older;
	struct row *changed; /* the next one that is to be written */
	uint8_t kind;
	bool is_changed, gone;
	char key[];
};

struct rows {
	struct row *newest, *oldest;
	size_t count;
	bool trimmed; /* some went that are still on the disk */
};

struct store {
	struct rows kinds[STORE_KINDS];
	struct row **buckets;
	size_t bucket_count, count;
	struct row *first_changed, **last_changed;
	struct store_writer *writer; /* NULL: nothing is kept */
	int64_t write_ms, again_ms, now_ms;
	char *trouble;
	uint32_t seed; /* nobody outside knows who shares a bucket */
	char *path;
};

/* STORE_KINDS when there is none of that name. */
enum store_kind rows_kind(const char *name);

struct row *rows_find(const struct store *store, enum store_kind kind, const char *key);

/* One that is not there yet; the oldest of its kind goes if it must.  NULL without memory. */
struct row *rows_make(struct store *store, enum store_kind kind, const char *key);

void rows_let_go(struct store *store, struct row *row);

/* It is to be written; or was. */
void rows_note_change(struct store *store, struct row *row);
void rows_forget_change(struct store *store, struct row *row);

/* It counts no more, and is let go when the disk has heard of it. */
void rows_mark_gone(struct store *store, struct row *row);

#endif
