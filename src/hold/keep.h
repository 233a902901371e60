// SPDX-License-Identifier: GPL-3.0-or-later
/* What root has done about logins that are held, in a file of its own, replaced whole:
 *
 *	{"held": [{"address": "alice@example.org", "since": 1795515240, "told": true,
 *		   "ids": ["4g1JXk0Tz3zyS", ...]}]}
 *
 * `ids` are messages that were put on hold for it, so that these and no others are freed with it.
 * Who is held is said by postcask-policy (policy/limit_hold.h), whose file is only read. */
#ifndef POSTCASK_HOLD_KEEP_H
#define POSTCASK_HOLD_KEEP_H

#include <jansson.h>
#include <stdbool.h>

#include "base/error.h"

#define KEEP_FILE   "/var/lib/postcask/hold/held.json"
#define KEEP_LOCK   "/run/postcask/hold.lock"
#define KEEP_SOCKET "/run/postcask/hold"

/* A list, of our own file or of the service's; a file that is not there is an empty one.  A new
 * reference. */
_must_check_ int keep_load(const char *path, bool foreign, json_t **ret_list, struct error *error);
_must_check_ int keep_save(const char *path, json_t *list, struct error *error);

/* NULL when it is not in it. */
json_t *keep_find(const json_t *list, const char *address);

/* A new one at the end; borrowed, NULL when out of memory. */
json_t *keep_add(json_t *list, const char *address, json_int_t since);

void keep_remove(json_t *list, const char *address);

#endif
