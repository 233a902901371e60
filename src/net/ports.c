// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/ports.h"

#include <string.h>

const struct port_entry port_table[PORTS] = {
    [PORT_SMTP] = {"smtp", 25, &smtp_protocol, false, DIRECTION_IN},
    [PORT_SUBMISSIONS] = {"submissions", 465, &smtp_protocol, true, DIRECTION_OUT},
    [PORT_SUBMISSION] = {"submission", 587, &smtp_protocol, false, DIRECTION_OUT},
    [PORT_IMAP] = {"imap", 143, &imap_protocol, false, DIRECTION_READ},
    [PORT_IMAPS] = {"imaps", 993, &imap_protocol, true, DIRECTION_READ},
    [PORT_POP3] = {"pop3", 110, &pop3_protocol, false, DIRECTION_READ},
    [PORT_POP3S] = {"pop3s", 995, &pop3_protocol, true, DIRECTION_READ},
    [PORT_MANAGESIEVE] = {"managesieve", 4190, &managesieve_protocol, false, DIRECTION_NONE},
};

enum port port_find(const char *name)
{
	enum port port = PORT_SMTP;

	while (port < PORTS && strcmp(port_table[port].name, name) != 0)
		port++;
	return port;
}
