// SPDX-License-Identifier: GPL-3.0-or-later
/* The ports of the mail service: the one table that says which there are. */
#ifndef POSTCASK_PROBE_PORTS_H
#define POSTCASK_PROBE_PORTS_H

#include "net/session.h"

enum port {
	PORT_SMTP,
	PORT_SUBMISSIONS,
	PORT_SUBMISSION,
	PORT_IMAP,
	PORT_IMAPS,
	PORT_POP3,
	PORT_POP3S,
	PORT_MANAGESIEVE,
	PORTS,
	PORT_NONE = PORTS, /* a probe that belongs to no port */
};

/* What stands still when all ports of a direction are closed. */
enum direction {
	DIRECTION_IN,	/* mail from the internet */
	DIRECTION_OUT,	/* mail from the users */
	DIRECTION_READ, /* users at their mailboxes */
	DIRECTIONS,
	DIRECTION_NONE = DIRECTIONS, /* a convenience */
};

struct port_entry {
	const char *name; /* as in the settings, the reports and the firewall */
	unsigned number;
	const struct protocol *protocol;
	bool implicit_tls;
	enum direction direction;
};

extern const struct port_entry port_table[PORTS];

/* PORT_NONE when there is no such name. */
enum port port_find(const char *name);

#endif
