// SPDX-License-Identifier: GPL-3.0-or-later
// Row 20 of the table.
#include "component/component_rows.h"
#include "component/ports.h"

const struct component component_dovecot = {
    .name = "dovecot",
    .files = {{"etc/dovecot/dovecot.conf", "dovecot", .mode = 0644, .extra = "dovecot"},
	      /* For postcask-answer, which has no right to more. */
	      {"etc/postcask/own-domains", "plain", .mode = 0644},
	      {"etc/dovecot/directory.conf", "dovecot", .mode = 0600},
	      COMPONENT_MARK("dovecot")},
    .checker = {"sh", "-c", "exec doveconf -n -c \"$0\" >/dev/null", "@/etc/dovecot/dovecot.conf"},
    .reload_verb = "reload-or-restart",
    .units = {"dovecot.service"},
    /* Users log in by it wherever they have their mailboxes. */
    .wanted = "here.logins",
    .wall_clock = true,
    .vital = true,
    .ports = PORT_BIT(PORT_IMAP) | PORT_BIT(PORT_IMAPS) | PORT_BIT(PORT_POP3) |
	     PORT_BIT(PORT_POP3S) | PORT_BIT(PORT_MANAGESIEVE),
    .keys = {"certificates", "guard"},
    .accounts = {"dovecot", "dovenull", "vmail"},
    .password_group = "dovecot",
    .watches = {{.address = "/var/spool/postfix/private/auth", .answer = "VERSION"},
		/* Each has one client; when all of Postfix's wait for some that hang, no mail
		 * moves.  Not asked: the question would be answered by a new one. */
		{.program = "lmtp",
		 .address = "/var/spool/postfix/private/dovecot-lmtp",
		 .patience = 4}},
    .waits = {{{"private/dovecot-lmtp", "4.2.2"}, .what = "for room in a mailbox", .others = true},
	      {{"private/dovecot-lmtp"}, .what = "for the mailboxes (Dovecot)"}},
    .logs = {{"dovecot", "root", .writer = WRITER_DOVECOT, .folders = true}},
};
