// SPDX-License-Identifier: GPL-3.0-or-later
#include "component/component_rows.h"

#include "base/cleanup.h"

#define COMPONENT_ADDRESS(name) &component_##name,

const struct component *const components[] = {COMPONENT_ROWS(COMPONENT_ADDRESS)};
COMPONENT_ROWS_FIT(components);

const size_t component_count = ARRAY_SIZE(components);
