// SPDX-License-Identifier: GPL-3.0-or-later
/* A table from short names (queue ids, names in the quarantine) to numbers, in bounded
 * memory.  Names come from the mail daemons; the hash is keyed all the same. */
#ifndef POSTCASK_LEDGER_ID_TABLE_H
#define POSTCASK_LEDGER_ID_TABLE_H

#include <stdint.h>

#include "ledger/line.h"

enum { ID_NONE = UINT32_MAX };

struct id_slot {
	char name[LINE_NAME_LIMIT];
	uint32_t value;
	uint8_t state; /* 0 free, 1 used, 2 was used */
};

struct id_table {
	struct id_slot *slots;
	size_t capacity, used, filled; /* filled: used and were used */
	size_t limit;		       /* names at most */
	uint64_t key;
};

/* At most `limit` names. */
void id_table_init(struct id_table *table, size_t limit);
void id_table_free(struct id_table *table);

/* ID_NONE when the name is not there. */
uint32_t id_table_find(const struct id_table *table, struct slice name);

/* Adds or changes it.  -ENOSPC when the table is full, -ENOMEM.  Changing and removing are
 * allowed within a loop of id_table_next, adding is not. */
_must_check_ int id_table_set(struct id_table *table, struct slice name, uint32_t value);

void id_table_remove(struct id_table *table, struct slice name);

/* The used slot after `slot` (NULL: the first), NULL at the end. */
const struct id_slot *id_table_next(const struct id_table *table, const struct id_slot *slot);

#endif
