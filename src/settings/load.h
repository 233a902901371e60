// SPDX-License-Identifier: GPL-3.0-or-later
/* The steps that the loaders of settings.h are made of. */
#ifndef POSTCASK_LOAD_H
#define POSTCASK_LOAD_H

#include <jansson.h>

#include "settings/node.h"
#include "settings/user_data.h"

/* User-data taken apart and its cloud-config parts merged. */
struct load {
	struct node_tree tree;
	struct user_data user_data; /* the marks' file names are its parts' */
	struct node *root; /* a mapping of all top-level keys; those that do not concern the
			    * settings are NODE_BROKEN; NULL: no part could be read */
};

void load_free(struct load *load);

/* Splits, parses and merges; says what is wrong with the text.  `load` is
 * zeroed before.  0 or -ENOMEM: what is refused is in diagnostics only. */
_must_check_ int load_user_data(const char *file_name, const char *text, size_t size,
				struct diagnostics *diagnostics, struct load *load);

/* From the merged cloud-config to the complete settings; results as in
 * settings.h. */
_must_check_ int load_check(const struct node *root, const char *file_name,
			    struct diagnostics *diagnostics, json_t **ret_settings);

/* Reads a file of at most SETTINGS_SIZE_LIMIT; -EIO with a diagnostic. */
_must_check_ int load_file(const char *path, struct diagnostics *diagnostics, char **ret_text,
			   size_t *ret_size);

#endif
