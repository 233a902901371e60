// SPDX-License-Identifier: GPL-3.0-or-later
// Row 40 of the table.
#include "component/component_rows.h"

const struct component component_freshclam = {
    .name = "freshclam",
    .files = {{"etc/clamav/freshclam.conf", "clamd", .mode = 0644, .extra = "freshclam"},
	      COMPONENT_MARK("freshclam")},
    .checker = {"freshclam", "--config-file=@/etc/clamav/freshclam.conf", "--version"},
    .reload_verb = "restart",
    .units = {"clamav-freshclam.service"},
    .wanted = "signatures.updates",
    .accounts = {"clamav"},
};
