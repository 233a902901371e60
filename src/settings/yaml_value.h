// SPDX-License-Identifier: GPL-3.0-or-later
/* The values that hold no others, and what lists and mappings share with them:
 * anchors, tags, aliases.  For settings/yaml_reader.c alone.
 *
 * `build` makes nodes and is strict; without it the value is only looked through.
 * A function returns false when reading cannot go on: the diagnostics say why, or
 * diagnostics->failed that memory ran out. */
#ifndef POSTCASK_YAML_VALUE_H
#define POSTCASK_YAML_VALUE_H

#include <yaml.h>

#include "settings/names.h"
#include "settings/yaml_reader.h"

struct yaml_reader {
	const struct yaml_input *input;
	yaml_parser_t parser;
	struct node_tree *tree;
	struct diagnostics *diagnostics;
	struct node_tree anchor_names; /* what `anchors` points to */
	struct names anchors;
};

struct mark yaml_mark_of(const struct yaml_reader *reader, yaml_mark_t mark);

/* Sets diagnostics->failed; returns false. */
bool yaml_out_of_memory(struct yaml_reader *reader);

/* The next event, deleted by the caller. */
bool yaml_next(struct yaml_reader *reader, yaml_event_t *event);

/* Anchor and tag (either may be NULL) of the value that the event begins: false when
 * it is refused for them. */
bool yaml_check_properties(struct yaml_reader *reader, const yaml_event_t *event, bool build,
			   const char *anchor, const char *tag);

bool yaml_read_alias(struct yaml_reader *reader, const yaml_event_t *event, bool build,
		     struct node **ret_node);
bool yaml_read_scalar(struct yaml_reader *reader, const yaml_event_t *event, bool build,
		      struct node **ret_node);

#endif
