// SPDX-License-Identifier: GPL-3.0-or-later
/* The rows of the table: each file of this folder that says "// Row N of the table.", by N.
 * Whoever is needed stands before who needs it.  component_list.h is made of them by
 * src/component/list.awk. */
#ifndef POSTCASK_COMPONENT_ROWS_H
#define POSTCASK_COMPONENT_ROWS_H

#include "component/components.h"
#include <component_list.h>

#define COMPONENT_DECLARE(name) extern const struct component component_##name;
COMPONENT_ROWS(COMPONENT_DECLARE)

#endif
