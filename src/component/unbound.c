// SPDX-License-Identifier: GPL-3.0-or-later
// Row 90 of the table.
#include "component/component_rows.h"
#include "component/inner.h"

const struct component component_unbound = {
    .name = "unbound",
    .files = {{"etc/unbound/settings.conf", "unbound", .mode = 0644, .extra = "unbound"}},
    .checker = {"unbound-checkconf", "@/etc/unbound/settings.conf"},
    .reload_verb = "reload-or-restart",
    .units = {"unbound.service"},
    .starts_early = true,
    .vital = true,
    .inner = {{"dns", INNER_DNS}},
    .accounts = {"unbound"},
    .watches = {{.address = "127.0.0.1", .port = INNER_DNS, .question = "localhost"}},
    .waits = {{{"Name service error"}, .what = "for the DNS", .others = true}},
};
