// SPDX-License-Identifier: GPL-3.0-or-later
#include "component/ports.h"

#include <string.h>

/* Rows that read as rows: */
/* clang-format off */
const struct port_entry port_table[PORTS] = {
    [PORT_SMTP] = {"smtp", 25, false, DIRECTION_IN, "smtp, from other mail servers"},
    [PORT_SUBMISSIONS] = {"submissions", 465, true, DIRECTION_OUT, "submissions: send mail, TLS"},
    [PORT_SUBMISSION] = {"submission", 587, false, DIRECTION_OUT, "submission: send mail, STARTTLS"},
    [PORT_IMAP] = {"imap", 143, false, DIRECTION_READ, "imap, STARTTLS"},
    [PORT_IMAPS] = {"imaps", 993, true, DIRECTION_READ, "imaps: read mail, TLS"},
    [PORT_POP3] = {"pop3", 110, false, DIRECTION_READ, "pop3, STARTTLS"},
    [PORT_POP3S] = {"pop3s", 995, true, DIRECTION_READ, "pop3s, TLS"},
    [PORT_MANAGESIEVE] = {"managesieve", 4190, false, DIRECTION_NONE, "managesieve: filters, STARTTLS"},
    [PORT_HTTPS] = {"web", 443, true, DIRECTION_NONE, "https: help page, set-up of mail programs"},
};
/* clang-format on */

enum port port_find(const char *name)
{
	enum port port = 0;

	while (port < PORTS && strcmp(port_table[port].name, name) != 0)
		port++;
	return port;
}

enum port port_find_number(unsigned number)
{
	enum port port = 0;

	while (port < PORTS && port_table[port].number != number)
		port++;
	return port;
}
