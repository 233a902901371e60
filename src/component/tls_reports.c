// SPDX-License-Identifier: GPL-3.0-or-later
// Row 127 of the table.
/* Reports of TLS to other domains, by a timer (src/outward). */
#include "component/component_rows.h"

const struct component component_tls_reports = {
    .name = "tls_reports",
    .files = {COMPONENT_MARK("tls_reports")},
    .reload_verb = "restart",
    .units = {"postcask-tls-report.timer"},
    .wanted = "reports.tls == \"send\"",
    .accounts = {"postcask-tls"},
};
