// SPDX-License-Identifier: GPL-3.0-or-later
// Row 15 of the table.
/* Ends connections to port 25 that say nothing, when few servers are free (firewall/door.h). */
#include "component/component_rows.h"

const struct component component_door = {
    .name = "door",
    .files = {COMPONENT_MARK("door")},
    .reload_verb = "try-restart",
    .units = {"postcask-door.service"},
    .wanted = "services.smtp",
    .vital = true,
    .without = "mail goes on, and many who say nothing can keep others from port 25",
};
