// SPDX-License-Identifier: GPL-3.0-or-later
#include "settings/yaml_reader.h"

#include <stdlib.h>
#include <string.h>

#include "settings/encoding.h"
#include "settings/limits.h"
#include "settings/yaml_value.h"

/* The walk of a value: `build` makes nodes and is strict, without it the value
 * is only looked through. */
static bool read_value(struct yaml_reader *reader, yaml_event_t *event, unsigned depth, bool build,
		       struct node **ret_node);

static bool read_list(struct yaml_reader *reader, const yaml_event_t *start, unsigned depth,
		      bool build, struct node **ret_node)
{
	struct node *list = NULL, *item;
	bool accepted = yaml_check_properties(reader, start, build,
					      (const char *)start->data.sequence_start.anchor,
					      (const char *)start->data.sequence_start.tag);

	if (reader->diagnostics->failed)
		return false;
	if (build) {
		list = node_new(reader->tree, accepted ? NODE_LIST : NODE_BROKEN,
				yaml_mark_of(reader, start->start_mark));
		if (!list)
			return yaml_out_of_memory(reader);
	}
	for (;;) {
		_cleanup_(yaml_event_delete) yaml_event_t event = {0};

		if (!yaml_next(reader, &event))
			return false;
		if (event.type == YAML_SEQUENCE_END_EVENT)
			break;
		if (!read_value(reader, &event, depth + 1, build, &item))
			return false;
		if (build)
			node_append(list, item);
	}
	if (build)
		*ret_node = list;
	return true;
}

/* The state of one mapping while its members are read. */
struct members {
	struct names names;	 /* the keys so far */
	struct node_tree *texts; /* where the keys live */
	bool top_level;
};

/* Reads a key; *ret_key is NULL for one that was refused, whose value is then
 * only walked. */
static bool read_key(struct yaml_reader *reader, yaml_event_t *event, unsigned depth, bool build,
		     struct members *members, struct node **ret_key)
{
	struct mark mark = yaml_mark_of(reader, event->start_mark);
	struct node *key = NULL;

	*ret_key = NULL;
	if (event->type != YAML_SCALAR_EVENT && event->type != YAML_ALIAS_EVENT) {
		diagnostics_error(
		    reader->diagnostics, mark,
		    "a key that is a list or a mapping, so cloud-init reads nothing of "
		    "this file; write a name");
		return read_value(reader, event, depth + 1, false, NULL);
	}
	if (event->type == YAML_ALIAS_EVENT)
		return yaml_read_alias(reader, event, build || members->top_level, &key);
	if (event->data.scalar.plain_implicit && event->data.scalar.length == 2 &&
	    !memcmp(event->data.scalar.value, "<<", 2)) {
		if (build || members->top_level)
			diagnostics_error(reader->diagnostics, mark,
					  "a merge key (<<) has no place here; write the keys out");
		return true;
	}
	key = node_new_text(members->texts, mark, (const char *)event->data.scalar.value,
			    event->data.scalar.length);
	if (!key)
		return yaml_out_of_memory(reader);
	key->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	if (!yaml_check_properties(reader, event, build, (const char *)event->data.scalar.anchor,
				   (const char *)event->data.scalar.tag))
		return !reader->diagnostics->failed;
	*ret_key = key;
	return true;
}

static bool is_wanted(const struct yaml_reader *reader, const struct node *key)
{
	if (!reader->input->wanted)
		return true;
	for (const char *const *name = reader->input->wanted; *name; name++)
		if (!strcmp(*name, key->text))
			return true;
	return false;
}

/* Says of a key that was there before; false when out of memory. */
static bool check_duplicate(struct yaml_reader *reader, struct members *members,
			    const struct node *key, bool build, bool *ret_duplicate)
{
	const struct node *before = names_find(&members->names, key->text, key->size);
	_cleanup_free_ char *quoted = before ? encoding_quote(key->text, key->size) : NULL;
	const char *shown = quoted ? quoted : "the key";

	*ret_duplicate = before;
	if (!before)
		return names_add(&members->names, key->text, key->size, key) == 0
			   ? true
			   : yaml_out_of_memory(reader);
	if (build)
		diagnostics_error(reader->diagnostics, key->mark,
				  "%s stands twice, first in line %u; write it once, as "
				  "cloud-init would silently keep only the last",
				  shown, before->mark.line);
	else
		diagnostics_warning(reader->diagnostics, key->mark,
				    "%s stands twice, first in line %u; cloud-init keeps only "
				    "the last",
				    shown, before->mark.line);
	return true;
}

static bool read_members(struct yaml_reader *reader, unsigned depth, bool build,
			 struct members *members, struct node *mapping)
{
	for (;;) {
		_cleanup_(yaml_event_delete) yaml_event_t event = {0};
		_cleanup_(yaml_event_delete) yaml_event_t value_event = {0};
		struct node *key, *value = NULL;
		bool build_value, duplicate = false;

		if (!yaml_next(reader, &event))
			return false;
		if (event.type == YAML_MAPPING_END_EVENT)
			return true;
		if (!read_key(reader, &event, depth, build, members, &key))
			return false;
		build_value = build && key && (!members->top_level || is_wanted(reader, key));
		if (key && !check_duplicate(reader, members, key, build_value, &duplicate))
			return false;
		if (!yaml_next(reader, &value_event) ||
		    !read_value(reader, &value_event, depth + 1, build_value, &value))
			return false;
		if (duplicate || !key || !build)
			continue;
		if (!value) /* not wanted, but its name may be of use */
			value = node_new(reader->tree, NODE_BROKEN, key->mark);
		if (!value)
			return yaml_out_of_memory(reader);
		value->key = key;
		node_append(mapping, value);
	}
}

static bool read_mapping(struct yaml_reader *reader, const yaml_event_t *start, unsigned depth,
			 bool build, struct node **ret_node)
{
	struct node_tree texts = NODE_TREE_INIT;
	struct members members = {.texts = build ? reader->tree : &texts,
				  .top_level = depth == 0 && reader->input->wanted};
	struct node *mapping = NULL;
	bool accepted = yaml_check_properties(reader, start, build,
					      (const char *)start->data.mapping_start.anchor,
					      (const char *)start->data.mapping_start.tag);
	bool done;

	if (reader->diagnostics->failed)
		return false;
	if (build) {
		mapping = node_new(reader->tree, accepted ? NODE_MAPPING : NODE_BROKEN,
				   yaml_mark_of(reader, start->start_mark));
		if (!mapping)
			return yaml_out_of_memory(reader);
	}
	done = read_members(reader, depth, build, &members, mapping);
	names_free(&members.names);
	node_tree_free(&texts);
	if (done && build)
		*ret_node = mapping;
	return done;
}

static bool read_value(struct yaml_reader *reader, yaml_event_t *event, unsigned depth, bool build,
		       struct node **ret_node)
{
	if (depth > SETTINGS_DEPTH_LIMIT) {
		diagnostics_error(
		    reader->diagnostics, yaml_mark_of(reader, event->start_mark),
		    "more than %d lists and mappings inside each other; write it flatter",
		    SETTINGS_DEPTH_LIMIT);
		return false;
	}
	if (reader->tree->nodes > SETTINGS_NODES_LIMIT) {
		diagnostics_error(reader->diagnostics, yaml_mark_of(reader, event->start_mark),
				  "more than %d values; write fewer", SETTINGS_NODES_LIMIT);
		return false;
	}
	switch (event->type) {
	case YAML_ALIAS_EVENT:
		return yaml_read_alias(reader, event, build, ret_node);
	case YAML_SCALAR_EVENT:
		return yaml_read_scalar(reader, event, build, ret_node);
	case YAML_SEQUENCE_START_EVENT:
		return read_list(reader, event, depth, build, ret_node);
	case YAML_MAPPING_START_EVENT:
		return read_mapping(reader, event, depth, build, ret_node);
	default:
		return false; /* no other event begins a value */
	}
}

/* What stands between the start of the stream and the first value; false at the
 * end of an empty stream or on an error. */
static bool read_start(struct yaml_reader *reader, yaml_event_t *event)
{
	for (;;) {
		if (!yaml_next(reader, event))
			return false;
		if (event->type != YAML_STREAM_START_EVENT &&
		    event->type != YAML_DOCUMENT_START_EVENT)
			return event->type != YAML_STREAM_END_EVENT;
		yaml_event_delete(event);
	}
}

static bool read_end(struct yaml_reader *reader)
{
	for (;;) {
		_cleanup_(yaml_event_delete) yaml_event_t event = {0};

		if (!yaml_next(reader, &event))
			return false;
		if (event.type == YAML_STREAM_END_EVENT)
			return true;
		if (event.type == YAML_DOCUMENT_START_EVENT) {
			diagnostics_error(
			    reader->diagnostics, yaml_mark_of(reader, event.start_mark),
			    "a second document begins here, and cloud-init then reads "
			    "none; write one, without `---` in between");
			return false;
		}
	}
}

struct node *yaml_read(const struct yaml_input *input, struct node_tree *tree,
		       struct diagnostics *diagnostics, bool *ret_empty)
{
	struct yaml_reader reader = {.input = input, .tree = tree, .diagnostics = diagnostics};
	yaml_event_t event = {0};
	struct node *root = NULL;
	size_t errors = diagnostics->errors;
	bool done;

	*ret_empty = false;
	if (!yaml_parser_initialize(&reader.parser)) {
		diagnostics->failed = true;
		return NULL;
	}
	yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&reader.parser, (const unsigned char *)input->text,
				     input->size);
	if (!read_start(&reader, &event)) {
		*ret_empty = diagnostics->errors == errors && !diagnostics->failed;
		done = false;
	} else {
		done = read_value(&reader, &event, 0, true, &root) && read_end(&reader);
	}
	yaml_event_delete(&event);
	yaml_parser_delete(&reader.parser);
	names_free(&reader.anchors);
	node_tree_free(&reader.anchor_names);
	return done ? root : NULL;
}
