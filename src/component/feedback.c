// SPDX-License-Identifier: GPL-3.0-or-later
// Row 128 of the table.
/* Reads the reports of other servers (src/feedback): a process for each time that Postfix brings
 * a copy of one, and none else. */
#include "component/component_rows.h"

const struct component component_feedback = {
    .name = "feedback",
    .files = {COMPONENT_MARK("feedback")},
    .reload_verb = "try-restart",
    .units = {"postcask-feedback.socket"},
    .wanted = "reports.read",
    .without = "reports of other servers wait, and are read later",
    .accounts = {"postcask-feedback"},
    .waits = {{{"[feedback/lmtp]"}, .what = "for the reader of reports"}},
};
