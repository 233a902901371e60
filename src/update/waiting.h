// SPDX-License-Identifier: GPL-3.0-or-later
/* Which security fixes wait, as apt and unattended-upgrades see it. */
#ifndef POSTCASK_UPDATE_WAITING_H
#define POSTCASK_UPDATE_WAITING_H

#include <jansson.h>
#include <stdbool.h>

#include "base/error.h"

/* From what `apt-get --simulate dist-upgrade` printed: the installed packages for which the
 * security archive has another version, as [{name, version, since, held}].  `held` is
 * unattended-upgrades' list, one extended regular expression a line, each anchored at the
 * name's beginning as it does it.  A package that waited in `before` keeps its time, the
 * others begin at `now`.  NULL when out of memory. */
json_t *waiting_parse(const char *printed, const char *held, const json_t *before, json_int_t now);

/* Asks apt. */
_must_check_ int waiting_find(const json_t *before, json_int_t now, json_t **ret_waiting,
			      struct error *error);

/* Those of `before` that do not wait any more, as [{name, version}]. */
json_t *waiting_done(const json_t *before, const json_t *after);

/* Whether one of them is not held. */
bool waiting_any_free(const json_t *waiting);

#endif
