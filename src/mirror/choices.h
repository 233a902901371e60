// SPDX-License-Identifier: GPL-3.0-or-later
/* What an entry says that the filter is to do for somebody, in the attributes of amavis' own schema
 * or what the settings have in their place. */
#ifndef POSTCASK_MIRROR_CHOICES_H
#define POSTCASK_MIRROR_CHOICES_H

#include <jansson.h>

#include "mirror/tree.h"

/* {"mark": "4.5", "hold": "15", "spam": false, "banned": false, "allow": [...], "block": [...]}, of
 * which there is what the entry has; NULL where it has nothing.  Whether a level is one, and a
 * sender, is postcask-directory's to say. */
json_t *choices_of(const struct tree *tree, const json_t *entry);

/* A script for the delivery of his mail; what is no text, or too long (search.c), is none: NULL. */
json_t *rules_of(const struct tree *tree, const json_t *entry);

#endif
