// SPDX-License-Identifier: GPL-3.0-or-later
// Row 10 of the table.
#include "component/component_rows.h"
#include "component/inner.h"
#include "component/ports.h"

const struct component component_postfix = {
    .name = "postfix",
    .files = {{"etc/postfix/main.cf", "postfix", .mode = 0644, .extra = "postfix"},
	      {"etc/postfix/master.cf", "postfix", .mode = 0644, .extra = "postfix_services"},
	      {"etc/postfix/domains", "table", .mode = 0644},
	      {"etc/postfix/behind", "table", .mode = 0644},
	      {"etc/postfix/own_senders", "table", .mode = 0644},
	      {"etc/postfix/commands", "table", .mode = 0644},
	      {"etc/postfix/trusted", "plain", .mode = 0644},
	      {"etc/postfix/smarthost_login", "texthash", .mode = 0600},
	      {"etc/postfix/smarthost_ca.pem", "pem", .mode = 0644},
	      {"etc/postcask/tls.cnf", "plain", .mode = 0644}},
    .checker = {"/usr/lib/postcask/check-postfix", "@"},
    .reload_verb = "reload-or-restart",
    .units = {"postfix.service"},
    .idle_servers = true,
    .wall_clock = true,
    .vital = true,
    .ports = PORT_BIT(PORT_SMTP) | PORT_BIT(PORT_SUBMISSIONS) | PORT_BIT(PORT_SUBMISSION),
    .inner = {{"filtered", INNER_FILTERED},
	      {"sieve", INNER_SIEVE},
	      {"signed", INNER_SIGNED},
	      {"forwarded", INNER_FORWARDED}},
    .keys = {"certificates"},
    .accounts = {"postfix", "postdrop"},
    .waits = {{{"mail transport unavailable"}, .what = "for a part of Postfix"},
	      {{"SASL authentication failed; "},
	       .what = "for the smarthost: it refuses the login"}},
    .logs = {{"postfix/postsuper", "postfix", .writer = WRITER_POSTSUPER},
	     {"postfix/virtual", "root", .writer = WRITER_POSTFIX}, /* the self-test's mailbox */
	     {LOG_SERVICES, "postfix", .writer = WRITER_POSTFIX}},
};
