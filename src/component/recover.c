// SPDX-License-Identifier: GPL-3.0-or-later
// Row 132 of the table.
/* Removes deleted mail that can be had back no longer (src/recover), every hour, while the settings
 * want it and once after that. */
#include "component/component_rows.h"

const struct component component_recover = {
    .name = "recover",
    .files = {{"etc/postcask/recover.conf", "plain", .mode = 0644}},
    .reload_verb = "try-restart",
    .units = {"postcask-recover.timer"},
    .accounts = {"vmail"},
};
