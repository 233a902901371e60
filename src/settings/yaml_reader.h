// SPDX-License-Identifier: GPL-3.0-or-later
/* YAML to a tree of nodes, by libyaml's event parser.
 *
 * Decided, because cloud-init's PyYAML decides differently or silently:
 *	duplicate keys		refused inside `mail:`, warned of elsewhere
 *	anchors, aliases, `<<`	refused inside `mail:` and at the top level
 *	tags			refused inside `mail:`; elsewhere those that PyYAML
 *				does not know, since it then reads nothing of the file
 *	several documents	refused: cloud-init reads none of them
 *	keys that are lists	refused: PyYAML reads nothing of the file
 *	plain scalars		resolved as YAML 1.1 (settings/scalar.h)
 * Other sections of a cloud-config are walked for what makes cloud-init drop the
 * whole file, and otherwise not judged.  Limits: settings/settings.h. */
#ifndef POSTCASK_YAML_READER_H
#define POSTCASK_YAML_READER_H

#include "settings/node.h"

struct yaml_input {
	const char *file;    /* for the marks: must outlive the tree */
	unsigned first_line; /* number of the text's first line, from 1 */
	const char *text;    /* checked with encoding_check_text */
	size_t size;
	/* Top-level members that become nodes, NULL-terminated; others are only
	 * walked, and stand in the tree as NODE_BROKEN.  NULL: everything. */
	const char *const *wanted;
};

/* The document's root, or NULL when there is none or it cannot be read, which
 * diagnostics then says (an empty document says nothing: *ret_empty). */
struct node *yaml_read(const struct yaml_input *input, struct node_tree *tree,
		       struct diagnostics *diagnostics, bool *ret_empty);

#endif
