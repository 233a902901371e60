// SPDX-License-Identifier: GPL-3.0-or-later
#include "settings/yaml_value.h"

#include <string.h>

#include "settings/limits.h"
#include "settings/scalar.h"
#include "settings/yaml_report.h"

struct mark yaml_mark_of(const struct yaml_reader *reader, yaml_mark_t mark)
{
	return yaml_place(reader->input, mark);
}

bool yaml_out_of_memory(struct yaml_reader *reader)
{
	reader->diagnostics->failed = true;
	return false;
}

bool yaml_next(struct yaml_reader *reader, yaml_event_t *event)
{
	if (yaml_parser_parse(&reader->parser, event))
		return true;
	if (reader->parser.error == YAML_MEMORY_ERROR)
		return yaml_out_of_memory(reader);
	yaml_report(reader->input, &reader->parser, reader->diagnostics);
	return false;
}

bool yaml_check_properties(struct yaml_reader *reader, const yaml_event_t *event, bool build,
			   const char *anchor, const char *tag)
{
	struct mark mark = yaml_mark_of(reader, event->start_mark);
	bool accepted = true;

	if (anchor && !names_find(&reader->anchors, anchor, strlen(anchor))) {
		const char *copy = node_copy_text(&reader->anchor_names, anchor, strlen(anchor));

		if (!copy || names_add(&reader->anchors, copy, strlen(copy), reader) < 0)
			return yaml_out_of_memory(reader);
	}
	if (anchor && build) {
		diagnostics_error(reader->diagnostics, mark,
				  "an anchor (&%s) has no place in the settings; write each value "
				  "out where it belongs",
				  anchor);
		accepted = false;
	}
	if (tag && build) {
		diagnostics_error(reader->diagnostics, mark,
				  "a tag (!) has no place in the settings; write the value without "
				  "it, text in quotes");
		accepted = false;
	} else if (tag && !yaml_tag_is_known(tag)) {
		diagnostics_error(
		    reader->diagnostics, mark,
		    "cloud-init does not know this tag and reads nothing of the file; "
		    "write the value without it");
	}
	return accepted;
}

bool yaml_read_alias(struct yaml_reader *reader, const yaml_event_t *event, bool build,
		     struct node **ret_node)
{
	struct mark mark = yaml_mark_of(reader, event->start_mark);
	const char *anchor = (const char *)event->data.alias.anchor;

	if (!names_find(&reader->anchors, anchor, strlen(anchor)))
		diagnostics_error(reader->diagnostics, mark,
				  "*%s refers to an anchor that is not there, so cloud-init reads "
				  "nothing of this file; write the value out",
				  anchor);
	else if (build)
		diagnostics_error(reader->diagnostics, mark,
				  "an alias (*%s) has no place in the settings; write the value "
				  "out",
				  anchor);
	if (!build)
		return true;
	*ret_node = node_new(reader->tree, NODE_BROKEN, mark);
	return *ret_node ? true : yaml_out_of_memory(reader);
}

/* Says why PyYAML fails on a plain scalar. */
static void report_broken(struct yaml_reader *reader, const struct node *node)
{
	diagnostics_error(reader->diagnostics, node->mark,
			  "cloud-init cannot read this value (it is taken for a number, a date or "
			  "an operator, but is none) and drops the whole file; put it in quotes");
}

bool yaml_read_scalar(struct yaml_reader *reader, const yaml_event_t *event, bool build,
		      struct node **ret_node)
{
	const char *text = (const char *)event->data.scalar.value;
	size_t size = event->data.scalar.length;
	bool plain = event->data.scalar.plain_implicit &&
		     event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	struct node probe = {.kind = NODE_TEXT, .text = text, .size = size};
	struct node *node = &probe;
	struct mark mark = yaml_mark_of(reader, event->start_mark);
	bool accepted =
	    yaml_check_properties(reader, event, build, (const char *)event->data.scalar.anchor,
				  (const char *)event->data.scalar.tag);

	if (reader->diagnostics->failed)
		return false;
	if (build && size > SETTINGS_SCALAR_LIMIT) {
		diagnostics_error(reader->diagnostics, mark,
				  "a value of %zu bytes; write at most %u", size,
				  SETTINGS_SCALAR_LIMIT);
		text = "";
		size = 0;
		accepted = false;
	}
	if (build && memchr(text, '\0', size)) {
		diagnostics_error(reader->diagnostics, mark,
				  "the value contains a NUL (\\0); leave it out");
		accepted = false;
	}
	if (build) {
		node = node_new_text(reader->tree, mark, text, size);
		if (!node)
			return yaml_out_of_memory(reader);
	}
	node->mark = mark;
	node->plain = plain;
	if (plain)
		scalar_resolve(node);
	if (node->kind == NODE_BROKEN)
		report_broken(reader, node);
	if (!accepted)
		node->kind = NODE_BROKEN;
	if (build)
		*ret_node = node;
	return true;
}
