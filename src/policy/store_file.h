// SPDX-License-Identifier: GPL-3.0-or-later
/* The store's rows on the disk: an SQLite file with one table.  Only store.c and store_writer.c
 * know of it. */
#ifndef POSTCASK_POLICY_STORE_FILE_H
#define POSTCASK_POLICY_STORE_FILE_H

#include <sqlite3.h>

#include "policy/store.h"

/* A row to be written, or, as `gone`, to be removed. */
struct store_change {
	const char *kind;
	bool gone;
	struct store_row row;
	char key[STORE_KEY]; /* row.key is not used */
};

/* What of a kind is older than the oldest in memory goes too. */
struct store_trim {
	const char *kind;
	int64_t before;
};

struct store_batch {
	struct store_change *changes;
	size_t count;
	struct store_trim trims[STORE_KINDS];
	size_t trim_count;
};

struct store_file {
	const char *path;
	sqlite3 *db;
	sqlite3_stmt *put, *drop, *trim;
};

typedef void store_file_row(void *context, const char *kind, const struct store_row *row);

/* Opens the file, or makes it, and hands over its rows, those seen longest ago first.  -EUCLEAN
 * when it is damaged: rows may have been handed over. */
_must_check_ int store_file_open(struct store_file *file, const char *path, store_file_row *each,
				 void *context, struct error *error);

/* Renames a damaged file, in the place of an earlier one. */
_must_check_ int store_file_set_aside(struct store_file *file, struct error *error);

/* One transaction, which is on the disk when it returns.  -EUCLEAN when the file is damaged. */
_must_check_ int store_file_write(struct store_file *file, const struct store_batch *batch,
				  struct error *error);

void store_file_close(struct store_file *file);

#endif
