// SPDX-License-Identifier: GPL-3.0-or-later
// Row 65 of the table.
/* The server behind a gateway, as it is looked at, and what waits for it (the words are those of
 * master.cf's `behind`). */
#include "component/component_rows.h"

const struct component component_gateway = {
    .name = "gateway",
    .files = {COMPONENT_MARK("gateway")},
    .reload_verb = "restart",
    .units = {"postcask-gateway.timer"},
    .wanted = "gateway.host",
    .accounts = {"postcask-probe"},
    .waits = {{{"[the server behind]"}, .what = "for the server behind this one", .others = true}},
};
