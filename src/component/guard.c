// SPDX-License-Identifier: GPL-3.0-or-later
// Row 130 of the table.
/* Who guesses passwords is kept away (src/guard).  Dovecot and Postfix go on without it. */
#include "component/component_rows.h"
#include "component/inner.h"

const struct component component_guard = {
    .name = "guard",
    .files = {{"etc/postcask/guard.conf", "plain", .mode = 0644}, COMPONENT_MARK("guard")},
    .reload_verb = "try-restart",
    .units = {"postcask-guard.service"},
    .wanted = "ban.enabled",
    .vital = true,
    .without = "mail goes on, and who guesses passwords is not kept away",
    .inner = {{"logins", INNER_GUARD}},
    .accounts = {"postcask-guard"},
    .watches = {{.address = "127.0.0.1",
		 .port = INNER_GUARD,
		 .question = "GET /ping HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
		 .answer = "HTTP/1.1 200"}},
};
