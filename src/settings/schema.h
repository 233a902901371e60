// SPDX-License-Identifier: GPL-3.0-or-later
/* The JSON schema (draft 4, as cloud-init's own) of the `mail:` mapping, from
 * the table.  It is for editors and for `cloud-init schema`; the judge is
 * `postcask check`, which also knows what no schema can say. */
#ifndef POSTCASK_SCHEMA_H
#define POSTCASK_SCHEMA_H

#include <jansson.h>

#include "base/error.h"

/* NULL when out of memory; owned by the caller. */
json_t *schema_settings(void);

/* Adds it as the property `mail` to cloud-init's schema-cloud-config-v1.json.
 * -EINVAL when that is not such a schema, -ENOMEM. */
_must_check_ int schema_merge(json_t *cloud_init, struct error *error);

#endif
