// SPDX-License-Identifier: GPL-3.0-or-later
/* What one generation changes of another, component by component, and making the
 * running daemons take it. */
#ifndef POSTCASK_CHANGE_H
#define POSTCASK_CHANGE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "component/components.h"

struct change {
	struct component_set changed;  /* in their files, or in what they serve */
	struct component_set switched; /* on or off, of those that are not always wanted */
};

#define CHANGE_ALL ((struct change){COMPONENT_SET_ALL, COMPONENT_SET_ALL})

/* Which components' files differ between two manifests (generation/generation.h);
 * all of them when `old` is NULL or of another image version. */
struct change change_between(const json_t *old, const json_t *new);

/* Adds the components that serve keys of these kinds (src/key). */
void change_add_keys(struct change *change, uint32_t kinds);

/* The unit names of the changed components, in the order of the table (a new
 * reference). */
json_t *change_units(const struct change *change);

/* Makes the running daemons of the changed components take their new files, and
 * waits until they have.  What became wanted is started and what is wanted no longer
 * is stopped: both by `systemctl restart`, as each such unit has a condition on the
 * component's mark.  A daemon that is not started yet at boot is left to its unit.
 * An error names the units that did not follow. */
_must_check_ int change_reload(const struct change *change, struct error *error);

/* Only those that start before the settings are known, and without waiting. */
void change_reload_early(const struct change *change);

#endif
