// SPDX-License-Identifier: GPL-3.0-or-later
/* What the templates read beside the settings: of the table of components the inner
 * ports, {{component.amavis.incoming}}; and the mark of a component that is not always
 * wanted, which has no template of its own. */
#ifndef POSTCASK_CONTEXT_H
#define POSTCASK_CONTEXT_H

#include <jansson.h>

#include "component/components.h"

/* The settings with "component" beside them; they share what is in them (a new
 * reference).  NULL when out of memory. */
json_t *context_make(const json_t *settings);

/* The mark's text as a template; owned by the caller, NULL when out of memory. */
char *context_mark_template(const struct component *component);

#endif
