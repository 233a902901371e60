// SPDX-License-Identifier: GPL-3.0-or-later
/* What one generation changes of another, component by component, and making the
 * running daemons take it. */
#ifndef POSTCASK_CHANGE_H
#define POSTCASK_CHANGE_H

#include <jansson.h>
#include <stdbool.h>

#include "base/error.h"

enum { COMPONENTS_MAX = 16 };

struct change {
	bool changed[COMPONENTS_MAX]; /* by the numbers of components[] */
};

#define CHANGE_ALL ((struct change){.changed = {[0 ... COMPONENTS_MAX - 1] = true}})

/* Which components' files differ between two manifests (generation/generation.h);
 * all of them when `old` is NULL or of another image version. */
struct change change_between(const json_t *old, const json_t *new);

/* Adds the components that serve the server certificate. */
void change_add_certificate(struct change *change);

/* The unit names of the changed components, in the order of the table (a new
 * reference). */
json_t *change_units(const struct change *change);

/* Makes the running daemons of the changed components take their new files, and
 * waits until they have.  A daemon that is not started yet at boot is left to its
 * unit.  An error names the units that did not follow. */
_must_check_ int change_reload(const struct change *change, struct error *error);

/* Only those that start before the settings are known, and without waiting. */
void change_reload_early(const struct change *change);

#endif
