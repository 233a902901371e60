// SPDX-License-Identifier: GPL-3.0-or-later
// Row 120 of the table.
/* Who mail is from, and who brings it (src/policy).  The filter and Postfix go on without it:
 * nothing waits. */
#include "component/component_rows.h"

const struct component component_policy = {
    .name = "policy",
    .files = {{"etc/postcask/limits.conf", "table", .mode = 0644}, COMPONENT_MARK("policy")},
    .reload_verb = "try-restart",
    .units = {"postcask-policy.service", "postcask-spf.socket", "postcask-hold.socket"},
    .wanted = "filter.asked",
    .vital = true,
    .without = "mail goes on, and nobody judges who it is from or who brings it, or counts "
	       "what is sent",
    .accounts = {"postcask-policy", "policyd-spf"},
    .watches = {{.address = "/run/postcask/policy/filter", .question = "ping\n", .answer = "pong"}},
};
