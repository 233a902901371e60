// SPDX-License-Identifier: GPL-3.0-or-later
#include "settings/node.h"

#include <stdlib.h>
#include <string.h>

#include "settings/limits.h"
#include "settings/scalar.h"

#define BLOCK_SIZE  (64u << 10)
#define GRAFT_LIMIT 200 /* members of a mapping that get places; the table has fewer */

struct node_block {
	struct node_block *next;
	size_t used, size;
	_Alignas(max_align_t) char bytes[];
};

static void *tree_allocate(struct node_tree *tree, size_t size)
{
	size_t rounded = (size + _Alignof(max_align_t) - 1) & ~(_Alignof(max_align_t) - 1);
	struct node_block *block = tree->blocks;
	void *bytes;

	if (!block || block->size - block->used < rounded) {
		size_t room = rounded > BLOCK_SIZE ? rounded : BLOCK_SIZE;

		block = malloc(sizeof(*block) + room);
		if (!block)
			return NULL;
		*block = (struct node_block){.next = tree->blocks, .size = room};
		tree->blocks = block;
	}
	bytes = block->bytes + block->used;
	block->used += rounded;
	return bytes;
}

struct node *node_new(struct node_tree *tree, enum node_kind kind, struct mark mark)
{
	struct node *node = tree_allocate(tree, sizeof(*node));

	if (!node)
		return NULL;
	*node = (struct node){.kind = kind, .mark = mark, .text = ""};
	tree->nodes++;
	return node;
}

const char *node_copy_text(struct node_tree *tree, const char *text, size_t size)
{
	char *copy = tree_allocate(tree, size + 1);

	if (!copy)
		return NULL;
	memcpy(copy, text, size);
	copy[size] = '\0';
	return copy;
}

struct node *node_new_text(struct node_tree *tree, struct mark mark, const char *text, size_t size)
{
	struct node *node = node_new(tree, NODE_TEXT, mark);

	if (!node)
		return NULL;
	node->text = node_copy_text(tree, text, size);
	node->size = size;
	return node->text ? node : NULL;
}

void node_append(struct node *parent, struct node *child)
{
	if (parent->last)
		parent->last->next = child;
	else
		parent->first = child;
	parent->last = child;
	parent->count++;
}

struct node *node_get(const struct node *mapping, const char *key)
{
	if (!mapping || mapping->kind != NODE_MAPPING)
		return NULL;
	for (struct node *member = mapping->first; member; member = member->next)
		if (!strcmp(member->key->text, key))
			return member;
	return NULL;
}

const char *node_kind_name(const struct node *node)
{
	static const char *const names[] = {
	    [NODE_NULL] = "empty",	  [NODE_BOOLEAN] = "true or false",
	    [NODE_INTEGER] = "a number",  [NODE_DECIMAL] = "a decimal number",
	    [NODE_DATE] = "a date",	  [NODE_BROKEN] = "unreadable",
	    [NODE_TEXT] = "text",	  [NODE_LIST] = "a list",
	    [NODE_MAPPING] = "a mapping",
	};

	return names[node->kind];
}

struct json_source {
	struct node_tree *tree;
	struct mark mark;
	struct diagnostics *diagnostics;
};

static struct node *node_from_value(struct json_source *source, const json_t *json, unsigned depth);

static struct node *node_from_object(struct json_source *source, const json_t *json, unsigned depth)
{
	struct node *mapping = node_new(source->tree, NODE_MAPPING, source->mark);
	const char *key;
	json_t *value;

	if (!mapping)
		return NULL;
	json_object_foreach((json_t *)json, key, value)
	{
		struct node *member = node_from_value(source, value, depth + 1);

		if (!member)
			return NULL;
		member->key = node_new_text(source->tree, source->mark, key, strlen(key));
		if (!member->key)
			return NULL;
		node_append(mapping, member);
	}
	return mapping;
}

static struct node *node_from_array(struct json_source *source, const json_t *json, unsigned depth)
{
	struct node *list = node_new(source->tree, NODE_LIST, source->mark);
	size_t i;
	json_t *value;

	if (!list)
		return NULL;
	json_array_foreach(json, i, value)
	{
		struct node *item = node_from_value(source, value, depth + 1);

		if (!item)
			return NULL;
		node_append(list, item);
	}
	return list;
}

static struct node *node_from_number(struct json_source *source, const json_t *json)
{
	_cleanup_free_ char *text = json_dumps(json, JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
	struct node *node =
	    text ? node_new_text(source->tree, source->mark, text, strlen(text)) : NULL;

	if (!node)
		return NULL;
	node->plain = true;
	node->kind = json_is_integer(json) ? NODE_INTEGER : NODE_DECIMAL;
	node->integer = json_is_integer(json) ? json_integer_value(json) : 0;
	return node;
}

static struct node *node_from_value(struct json_source *source, const json_t *json, unsigned depth)
{
	struct node *node = NULL;

	if (depth > SETTINGS_DEPTH_LIMIT || source->tree->nodes > SETTINGS_NODES_LIMIT) {
		diagnostics_error(source->diagnostics, source->mark,
				  "more than %d levels or %d values; write fewer",
				  SETTINGS_DEPTH_LIMIT, SETTINGS_NODES_LIMIT);
		return NULL;
	}
	switch (json_typeof(json)) {
	case JSON_OBJECT:
		return node_from_object(source, json, depth);
	case JSON_ARRAY:
		return node_from_array(source, json, depth);
	case JSON_STRING:
		return node_new_text(source->tree, source->mark, json_string_value(json),
				     json_string_length(json));
	case JSON_INTEGER:
	case JSON_REAL:
		return node_from_number(source, json);
	case JSON_TRUE:
	case JSON_FALSE:
		node = node_new(source->tree, NODE_BOOLEAN, source->mark);
		if (!node)
			return NULL;
		node->boolean = json_is_true(json);
		node->text = node->boolean ? "true" : "false";
		node->size = strlen(node->text);
		node->plain = true;
		return node;
	case JSON_NULL:
		return node_new(source->tree, NODE_NULL, source->mark);
	}
	return NULL;
}

struct node *node_from_json(struct node_tree *tree, const char *file, const json_t *json,
			    struct diagnostics *diagnostics)
{
	struct json_source source = {
	    .tree = tree, .mark = {.file = file}, .diagnostics = diagnostics};

	return node_from_value(&source, json, 0);
}

/* Whether the written scalar means just the merged value. */
static bool scalar_means(const struct node *written, const struct node *value)
{
	if (written->kind != value->kind)
		return false;
	switch (value->kind) {
	case NODE_NULL:
		return true;
	case NODE_BOOLEAN:
		return written->boolean == value->boolean;
	case NODE_INTEGER:
		return !written->overflow && written->integer == value->integer;
	case NODE_DECIMAL:
		return scalar_decimal_value(written) == scalar_decimal_value(value);
	default:
		return written->size == value->size &&
		       !memcmp(written->text, value->text, value->size);
	}
}

void node_graft_marks(struct node *values, const struct node *places)
{
	struct node *member;
	const struct node *place;

	values->mark = places->mark;
	switch (values->kind) {
	case NODE_MAPPING:
		if (values->count > GRAFT_LIMIT)
			break;
		for (member = values->first; member; member = member->next) {
			place = node_get(places, member->key->text);
			if (!place)
				continue;
			member->key->mark = place->key->mark;
			node_graft_marks(member, place);
		}
		break;
	case NODE_LIST:
		place = places->kind == NODE_LIST ? places->first : NULL;
		for (member = values->first; member && place; member = member->next) {
			node_graft_marks(member, place);
			place = place->next;
		}
		break;
	default:
		/* cloud-init cannot write dates as JSON and puts a remark in their
		 * place. */
		if (places->kind == NODE_DATE)
			values->kind = NODE_DATE;
		else if (!scalar_means(places, values))
			break;
		values->text = places->text;
		values->size = places->size;
		values->plain = places->plain;
		break;
	}
}

void node_tree_free(struct node_tree *tree)
{
	struct node_block *block = tree->blocks;

	while (block) {
		struct node_block *next = block->next;

		explicit_bzero(block->bytes, block->used);
		free(block);
		block = next;
	}
	*tree = NODE_TREE_INIT;
}
