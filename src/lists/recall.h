// SPDX-License-Identifier: GPL-3.0-or-later
/* What is known of the lists, for the service's next life and for the report: one object, with
 * nothing in it that is a secret.
 *
 *	{"lists": [{"zone": "zen.example.net", "state": "cut", "since": 1795515240,
 *	            "verdict": "refused", "sentence": "zen.example.net refuses ...",
 *	            "asks": true, "lies_until": 0}]} */
#ifndef POSTCASK_LISTS_RECALL_H
#define POSTCASK_LISTS_RECALL_H

#include <jansson.h>

#include "lists/tested.h"

enum { RECALL_LIMIT = 64 * 1024 };

/* Owned by the caller; NULL when out of memory. */
json_t *recall_write(const struct sources *sources);

/* Takes over what is known: a list that was cut off stays so until it has been good for a while,
 * and false answers stay false.  Of other lists nothing is taken. */
void recall_read(struct sources *sources, const json_t *known);

#endif
