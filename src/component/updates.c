// SPDX-License-Identifier: GPL-3.0-or-later
// Row 80 of the table.
#include "component/component_rows.h"

const struct component component_updates = {
    .name = "updates",
    .files = {{"etc/postcask/updates.conf", "plain", .mode = 0644}, COMPONENT_MARK("updates")},
    .reload_verb = "restart",
    .units = {"postcask-update.timer"},
    .wanted = "updates.automatic",
    .accounts = {"root"},
};
