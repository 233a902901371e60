// SPDX-License-Identifier: GPL-3.0-or-later
#include "ledger/graph.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

void graph_init(struct graph *graph, size_t limit)
{
	*graph = (struct graph){0};
	id_table_init(&graph->ids, limit);
}

void graph_free(struct graph *graph)
{
	id_table_free(&graph->ids);
	free(graph->nodes);
	graph->nodes = NULL;
	graph->count = graph->capacity = 0;
}

static int grow(struct graph *graph)
{
	size_t capacity = graph->capacity ? graph->capacity * 2 : 256;
	struct graph_node *nodes;

	if (graph->count < graph->capacity)
		return 0;
	nodes = reallocarray(graph->nodes, capacity, sizeof(*nodes));
	if (!nodes)
		return -ENOMEM;
	graph->nodes = nodes;
	graph->capacity = capacity;
	return 0;
}

static int get_node(struct graph *graph, struct slice name, uint32_t *ret_node)
{
	uint32_t node = id_table_find(&graph->ids, name);
	int result = 0;

	if (node == ID_NONE) {
		node = (uint32_t)graph->count;
		result = grow(graph);
		if (result == 0)
			result = id_table_set(&graph->ids, name, node);
		if (result < 0)
			return result;
		graph->nodes[graph->count++] = (struct graph_node){node, ID_NONE, false};
	}
	*ret_node = node;
	return 0;
}

uint32_t graph_root(struct graph *graph, uint32_t node)
{
	while (graph->nodes[node].parent != node)
		node = graph->nodes[node].parent = graph->nodes[graph->nodes[node].parent].parent;
	return node;
}

static int join(struct graph *graph, uint32_t node, struct slice other)
{
	uint32_t first = graph_root(graph, node), second;
	int result;

	if (other.size == 0)
		return 0;
	result = get_node(graph, other, &second);
	if (result < 0)
		return result;
	second = graph_root(graph, second);
	graph->nodes[second].parent = first;
	graph->nodes[first].wanted |= graph->nodes[second].wanted;
	return 0;
}

static struct slice quarantine_name(const struct line *line, char name[LINE_NAME_LIMIT])
{
	struct slice id = line->quarantine;

	if (line->kind == LINE_SCANNED)
		id = line_quarantine_id(id);
	if (id.size == 0)
		return (struct slice){0};
	name[0] = 'q';
	name[1] = ':'; /* no queue id */
	slice_copy(id, name + 2, LINE_NAME_LIMIT - 2);
	return slice_of(name);
}

static int add_scan(struct graph *graph, const struct line *line, uint64_t time, uint32_t *ret_node)
{
	char own[LINE_NAME_LIMIT], quarantine[LINE_NAME_LIMIT];
	struct graph_recent *recent = &graph->recent[graph->recent_next++ % GRAPH_RECENT];
	int result;

	slice_copy(line->filter_id, recent->filter_id, sizeof(recent->filter_id));
	snprintf(own, sizeof(own), "s:%.30s:%" PRIu64, recent->filter_id, time);
	result = get_node(graph, slice_of(own), ret_node);
	if (result == 0)
		result = join(graph, *ret_node, line->id);
	if (result == 0)
		result = join(graph, *ret_node, line->other_id);
	if (result == 0)
		result = join(graph, *ret_node, quarantine_name(line, quarantine));
	recent->node = result < 0 ? ID_NONE : *ret_node;
	return result;
}

/* A message without a queue id that the filter knows (from sendmail(1)): its answer to
 * Postfix, a moment later, has its own id. */
static void join_recent(struct graph *graph, uint32_t node, struct slice filter_id)
{
	for (size_t i = 1; filter_id.size && i <= GRAPH_RECENT && i <= graph->recent_next; i++) {
		struct graph_recent *recent =
		    &graph->recent[(graph->recent_next - i) % GRAPH_RECENT];
		uint32_t first = graph_root(graph, node), second;

		if (!slice_equal(slice_of(recent->filter_id), filter_id))
			continue;
		second = graph_root(graph, recent->node);
		graph->nodes[second].parent = first;
		graph->nodes[first].wanted |= graph->nodes[second].wanted;
		return;
	}
}

static int add_queued(struct graph *graph, const struct line *line, uint32_t *ret_node)
{
	int result = get_node(graph, line->id, ret_node);

	if (result == 0)
		result = join(graph, *ret_node, line->origin_id);
	if (result == 0 && line->kind == LINE_DELIVERY) {
		result = join(graph, *ret_node, line->other_id);
		if (line->to_filter)
			join_recent(graph, *ret_node, line_answer_filter_id(line->text));
	}
	return result;
}

int graph_add(struct graph *graph, const struct line *line, uint64_t time, uint32_t *ret_node)
{
	char quarantine[LINE_NAME_LIMIT];
	int result;

	*ret_node = ID_NONE;
	switch (line->kind) {
	case LINE_NONE:
	case LINE_CONNECT:
	case LINE_TLS:
	case LINE_STORED:
		return 0;
	case LINE_SCANNED:
		return add_scan(graph, line, time, ret_node);
	case LINE_RELEASED:
	case LINE_COPIED:
	case LINE_DESTROYED:
		result = get_node(graph, quarantine_name(line, quarantine), ret_node);
		return result < 0 ? result : join(graph, *ret_node, line->other_id);
	default:
		return add_queued(graph, line, ret_node);
	}
}
