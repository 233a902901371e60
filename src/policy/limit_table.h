// SPDX-License-Identifier: GPL-3.0-or-later
/* Who sent how much: rows of numbers by a text, as many as there is room for.  Of too many the
 * one goes that was not asked for longest.
 *
 * Strangers choose the texts, so the hash is keyed.  Nothing is allocated until there is a row. */
#ifndef POSTCASK_POLICY_LIMIT_TABLE_H
#define POSTCASK_POLICY_LIMIT_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LIMIT_KEY = 384 }; /* bytes of a text, with the NUL; of a longer one the beginning */

struct limit_row {
	struct limit_row *chain;	 /* of the same hash */
	struct limit_row *newer, *older; /* by when they were asked for */
	uint32_t *numbers;		 /* in the same piece of memory, and behind them the text */
	char *key;
};

struct limit_table {
	size_t most;	  /* rows */
	unsigned numbers; /* of a row */
	struct limit_row **slots;
	size_t count, capacity;
	struct limit_row *newest, *oldest;
	uint64_t secret;
};

void limit_table_init(struct limit_table *table, size_t most, unsigned numbers);
void limit_table_free(struct limit_table *table);

/* NULL when there is none; it is the newest then. */
struct limit_row *limit_table_find(struct limit_table *table, const char *key);

/* Makes one, all 0, where there is none.  NULL when out of memory. */
struct limit_row *limit_table_get(struct limit_table *table, const char *key);

#endif
