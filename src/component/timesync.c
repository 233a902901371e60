// SPDX-License-Identifier: GPL-3.0-or-later
// Row 100 of the table.
#include "component/component_rows.h"

const struct component component_timesync = {
    .name = "timesync",
    .files = {{"etc/systemd/timesyncd.conf.d/postcask.conf", "plain", .mode = 0644}},
    .reload_verb = "try-restart",
    .units = {"systemd-timesyncd.service"},
    .starts_early = true,
    .accounts = {"systemd-timesync"},
};
