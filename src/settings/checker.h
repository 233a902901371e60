// SPDX-License-Identifier: GPL-3.0-or-later
/* Checks a tree of nodes against the table and stores the values as JSON: types,
 * bounds, unknown and missing keys, defaults.  What keys mean together is
 * settings/meaning.h. */
#ifndef POSTCASK_CHECKER_H
#define POSTCASK_CHECKER_H

#include <jansson.h>

#include "settings/node.h"
#include "settings/table.h"

/* Checks `mail`, the node of the `mail:` mapping, and returns its values in the
 * order of the table with all defaults filled in (required keys and those whose
 * default depends on others are absent when they are not written).  An item of
 * a list that was refused is null, so that items keep their numbers.  NULL when
 * out of memory (diagnostics->failed). */
json_t *checker_check(const struct node *mail, struct diagnostics *diagnostics);

/* One value alone, for keys of cloud-init that the table's types judge (fqdn).
 * NULL when it was refused. */
json_t *checker_check_value(const struct setting *setting, const struct node *node,
			    struct diagnostics *diagnostics);

#endif
