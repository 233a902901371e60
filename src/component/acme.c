// SPDX-License-Identifier: GPL-3.0-or-later
// Row 75 of the table.
/* Certificates of an ACME authority: the timer of the job, and what opens port 80 for a proof. */
#include "component/component_rows.h"

const struct component component_acme = {
    .name = "acme",
    .files = {COMPONENT_MARK("acme")},
    .reload_verb = "restart",
    .units = {"postcask-acme.timer", "postcask-challenge.path"},
    .wanted = "tls.acme.directory",
    .accounts = {"postcask-acme"},
};
