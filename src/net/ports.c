// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/ports.h"

const struct protocol *const port_protocols[PORTS] = {
    [PORT_SMTP] = &smtp_protocol,	[PORT_SUBMISSIONS] = &smtp_protocol,
    [PORT_SUBMISSION] = &smtp_protocol, [PORT_IMAP] = &imap_protocol,
    [PORT_IMAPS] = &imap_protocol,	[PORT_POP3] = &pop3_protocol,
    [PORT_POP3S] = &pop3_protocol,	[PORT_MANAGESIEVE] = &managesieve_protocol,
    [PORT_HTTPS] = &http_protocol,
};
