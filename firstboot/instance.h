// SPDX-License-Identifier: GPL-3.0-or-later
/* Which cloud-init instance this machine belongs to, once it holds mail.
 *
 * /usr/lib/postcask/cloud-init-pinned keeps every other one away from cloud-init, which
 * would otherwise have run its commands as root before this program sees a setting of it;
 * here is what is left: to say so, and to end an adoption that root on the machine has
 * prepared (`postcask adopt`). */
#ifndef POSTCASK_INSTANCE_H
#define POSTCASK_INSTANCE_H

#include <stdbool.h>

#include "firstboot/outcome.h"

/* STATE/adopt: the instance-id that the next boot may take, empty: whichever comes. */
#define INSTANCE_ADOPT_NAME "adopt"
#define INSTANCE_ADOPT_PATH "/var/lib/postcask/" INSTANCE_ADOPT_NAME
/* The instance-id that this boot did not take, in printable ASCII. */
#define INSTANCE_FOREIGN_NAME "foreign-instance"
#define INSTANCE_FOREIGN_PATH "/run/postcask/" INSTANCE_FOREIGN_NAME

/* The first line of a file with an instance-id; owned by the caller, NULL when there is none
 * to read. */
char *instance_read(const char *path);

/* May the settings of `instance` be applied in place of its own? */
bool instance_is_adopted(const struct apply_paths *paths, const char *instance);

/* The boot's settings are in force: an adoption was for this boot alone. */
_must_check_ int instance_end_adoption(const struct apply_paths *paths, struct error *error);

/* Adds a note about the instance that was not taken, if there was one. */
void instance_note_foreign(const struct apply_paths *paths, struct apply_outcome *outcome);

#endif
