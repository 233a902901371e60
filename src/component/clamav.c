// SPDX-License-Identifier: GPL-3.0-or-later
// Row 30 of the table.
#include "component/component_rows.h"

#define SCANNER "for the virus scanner (clamd)"

const struct component component_clamav = {
    .name = "clamav",
    .files = {{"etc/clamav/clamd.conf", "clamd", .mode = 0644, .extra = "clamd"},
	      COMPONENT_MARK("clamav")},
    .checker = {"clamd", "--config-file=@/etc/clamav/clamd.conf", "--version"},
    .reload_verb = "restart",
    .units = {"clamav-daemon.service", "clamav-daemon.socket"},
    .wanted = "here.filter",
    .vital = true,
    .accounts = {"clamav"},
    .watches = {{.address = "/run/clamav/clamd.ctl", .question = "nPING\n", .answer = "PONG"}},
    .waits = {{{"virus_scan"}, .what = SCANNER}, {{"VIRUS SCANNERS"}, .what = SCANNER}},
};
