// SPDX-License-Identifier: GPL-3.0-or-later
/* The type of a DNS list of senders (settings/blocklist.h), which may have a key in it: no message
 * quotes it. */
#ifndef POSTCASK_TYPE_BLOCKLIST_H
#define POSTCASK_TYPE_BLOCKLIST_H

#include <jansson.h>

#include "base/error.h"
#include "settings/table.h"

int type_blocklist(const struct setting *setting, const char *text, size_t size, char **ret_value,
		   struct error *error);

/* For templates: `blocklists`, a list of mappings with `item` (the secret whole), zone, codes and
 * weight; and filter.listing (is there any?), filter.welcoming (of who is welcome).  0 or
 * -ENOMEM. */
_must_check_ int blocklist_derive(json_t *settings);

#endif
