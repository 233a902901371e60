// SPDX-License-Identifier: GPL-3.0-or-later
/* An entry of a directory server as picture.h has it. */
#ifndef POSTCASK_MIRROR_ENTRY_H
#define POSTCASK_MIRROR_ENTRY_H

#include <jansson.h>

/* Values of the attributes in a list of names with blanks between, one after the other; the
 * caller's. */
json_t *entry_values(const json_t *entry, const char *attributes);

#endif
