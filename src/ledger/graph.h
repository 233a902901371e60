// SPDX-License-Identifier: GPL-3.0-or-later
/* Which ids are one message: queue ids, the filter's work on it, its name in the
 * quarantine.  Sets that grow together (union-find). */
#ifndef POSTCASK_LEDGER_GRAPH_H
#define POSTCASK_LEDGER_GRAPH_H

#include "ledger/id_table.h"

enum { GRAPH_RECENT = 64 };

struct graph_node {
	uint32_t parent;
	uint32_t message; /* ID_NONE, or its number, once it is wanted; at the root */
	bool wanted;
};

struct graph {
	struct id_table ids;
	struct graph_node *nodes; /* owned */
	size_t count, capacity;
	/* what the filter did last: its own ids begin again with each start of it */
	struct graph_recent {
		char filter_id[LINE_NAME_LIMIT];
		uint32_t node;
	} recent[GRAPH_RECENT];
	size_t recent_next;
};

void graph_init(struct graph *graph, size_t limit);
void graph_free(struct graph *graph);

/* Takes in what the line says of ids; *ret_node is the line's own, ID_NONE when it belongs
 * to no message.  -ENOSPC over the limit.  The same lines give the same nodes. */
_must_check_ int graph_add(struct graph *graph, const struct line *line, uint64_t time,
			   uint32_t *ret_node);

uint32_t graph_root(struct graph *graph, uint32_t node);

#endif
