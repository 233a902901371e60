// SPDX-License-Identifier: GPL-3.0-or-later
/* A settings file as a tree of nodes, each with the place it was written at.
 *
 * Scalars carry the type that cloud-init's PyYAML gives them (settings/scalar.h)
 * and the text as written, so that a check can say "`no` is read as false".  A
 * tree lives in one arena: all of it is freed at once, and it is wiped first,
 * since it holds private keys and password hashes. */
#ifndef POSTCASK_NODE_H
#define POSTCASK_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "base/cleanup.h"
#include "settings/diagnostics.h"

enum node_kind {
	NODE_NULL,
	NODE_BOOLEAN,
	NODE_INTEGER,
	NODE_DECIMAL,
	NODE_DATE,   /* a YAML 1.1 date or time */
	NODE_BROKEN, /* refused and reported already: nothing more is said of it */
	NODE_TEXT,
	NODE_LIST,
	NODE_MAPPING,
};

struct node {
	enum node_kind kind;
	bool plain;    /* scalar: written without quotes */
	bool boolean;  /* NODE_BOOLEAN: its value */
	bool overflow; /* NODE_INTEGER: beyond int64_t */
	struct mark mark;
	const char *text; /* scalar: as written, NUL-terminated; never holds NUL */
	size_t size;
	int64_t integer;	   /* NODE_INTEGER: its value */
	struct node *key;	   /* member of a mapping: its key, a scalar */
	struct node *next;	   /* the next item or member of the same parent */
	struct node *first, *last; /* items of a list, members of a mapping */
	size_t count;
};

struct node_block;
struct node_tree {
	struct node_block *blocks;
	size_t nodes;
};

#define NODE_TREE_INIT ((struct node_tree){0})

/* All return NULL when out of memory. */
struct node *node_new(struct node_tree *tree, enum node_kind kind, struct mark mark);
struct node *node_new_text(struct node_tree *tree, struct mark mark, const char *text, size_t size);
const char *node_copy_text(struct node_tree *tree, const char *text, size_t size);

/* Appends an item to a list, or a member (whose ->key is set) to a mapping. */
void node_append(struct node *parent, struct node *child);

/* The member of a mapping, or NULL; also NULL when `mapping` is none. */
struct node *node_get(const struct node *mapping, const char *key);

/* "a list", "a mapping", "a number", ... for messages. */
const char *node_kind_name(const struct node *node);

/* From JSON (cloud-init's merged configuration); all marks are {file, 0, 0}.
 * Depth and number of nodes are limited as for YAML; NULL when out of memory
 * or over a limit, which diagnostics then says. */
struct node *node_from_json(struct node_tree *tree, const char *file, const json_t *json,
			    struct diagnostics *diagnostics);

/* Gives the nodes of `values` (from JSON) the places of their equals in
 * `places` (from YAML).  A scalar whose written form means the very value takes
 * that form over, so that it is judged as it was written. */
void node_graft_marks(struct node *values, const struct node *places);

void node_tree_free(struct node_tree *tree);

#endif
