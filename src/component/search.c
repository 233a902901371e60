// SPDX-License-Identifier: GPL-3.0-or-later
// Row 131 of the table.
/* Makes damaged indexes of words anew (src/search).  Nobody waits for it. */
#include "component/component_rows.h"

const struct component component_search = {
    .name = "search",
    .files = {COMPONENT_MARK("search")},
    .reload_verb = "try-restart",
    .units = {"postcask-search.service"},
    .wanted = "search.indexed",
    .without = "an index of words that a power cut has damaged stays so",
    .accounts = {"vmail"},
};
