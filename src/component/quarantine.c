// SPDX-License-Identifier: GPL-3.0-or-later
// Row 70 of the table.
/* The daily job, and the commands, whose lines the account of messages reads. */
#include "component/component_rows.h"

const struct component component_quarantine = {
    .name = "quarantine",
    .files = {{"etc/postcask/quarantine.conf", "table", .mode = 0644}},
    .reload_verb = "try-restart",
    .units = {"postcask-quarantine.timer"},
    .accounts = {"root"},
    .logs = {{"postcask-quarantine", "root", .writer = WRITER_QUARANTINE}},
};
