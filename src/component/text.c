// SPDX-License-Identifier: GPL-3.0-or-later
// Row 129 of the table.
/* Reads attached documents for the index of words (src/text): a process for each document, and none
 * else. */
#include "component/component_rows.h"

const struct component component_text = {
    .name = "text",
    .files = {COMPONENT_MARK("text")},
    .reload_verb = "try-restart",
    .units = {"postcask-text.socket"},
    .wanted = "search.reading",
    .without = "attached documents are not found by their words",
    .accounts = {"postcask-text"},
};
