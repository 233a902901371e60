// SPDX-License-Identifier: GPL-3.0-or-later
// Row 126 of the table.
/* How other servers are to be proved (src/outward).  systemd holds its sockets, so that it is there
 * again before Postfix sees that it was not; while it cannot be started at all, mail to other
 * servers waits, for nobody may weaken by that what a policy asks for. */
#include "component/component_rows.h"

const struct component component_outward = {
    .name = "outward",
    .files = {COMPONENT_MARK("outward")},
    .reload_verb = "try-restart",
    .units = {"postcask-tls.service", "postcask-tls.socket"},
    .wanted = "tls.policies == \"follow\"",
    .vital = true,
    .accounts = {"postcask-tls"},
    .watches = {{.address = "/var/spool/postfix/tls/policy",
		 .question = "11:policy ping,",
		 .answer = "9:NOTFOUND ,"}},
    .waits = {{{"TLS configuration problem"}, .what = "for what proves other servers"}},
};
