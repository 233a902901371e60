// SPDX-License-Identifier: GPL-3.0-or-later
/* New people and aliases, in a change of both files that is begun (both.h); what is put in is
 * settled by who ends it. */
#ifndef POSTCASK_DIRECTORY_PEOPLE_H
#define POSTCASK_DIRECTORY_PEOPLE_H

#include "directory/directory.h"

/* As for user-add, and with "enabled". */
_must_check_ int people_put_new(struct directory *directory, const json_t *question,
				const struct change *change, struct error *error);

/* As for alias-add; whether it leads back to itself is not looked at. */
_must_check_ int people_put_new_alias(struct directory *directory, const json_t *question,
				      struct error *error);

#endif
