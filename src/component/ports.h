// SPDX-License-Identifier: GPL-3.0-or-later
/* The public ports: the one table that says which there are.  Settings, firewall, probes,
 * report and `postcask-image run` go by it; what is spoken on each, net/ports.h knows. */
#ifndef POSTCASK_COMPONENT_PORTS_H
#define POSTCASK_COMPONENT_PORTS_H

#include <stdbool.h>
#include <stdint.h>

enum port {
	PORT_SMTP,
	PORT_SUBMISSIONS,
	PORT_SUBMISSION,
	PORT_IMAP,
	PORT_IMAPS,
	PORT_POP3,
	PORT_POP3S,
	PORT_MANAGESIEVE,
	PORT_HTTPS,
	PORTS,
	PORT_NONE = PORTS, /* a probe that belongs to no port */
};

/* A set of ports is a bit mask. */
#define PORT_BIT(port) (UINT32_C(1) << (port))
_Static_assert(PORTS <= 32, "a set of ports has room for all of them");

/* What stands still when all ports of a direction are closed. */
enum direction {
	DIRECTION_IN,	/* mail from the internet */
	DIRECTION_OUT,	/* mail from the users */
	DIRECTION_READ, /* users at their mailboxes */
	DIRECTIONS,
	DIRECTION_NONE = DIRECTIONS, /* a convenience */
};

struct port_entry {
	const char *name; /* as in the settings (services), the reports and the firewall */
	uint16_t number;  /* TCP */
	bool implicit_tls;
	enum direction direction;
	const char *says; /* what it is, in a few words */
};

extern const struct port_entry port_table[PORTS];

/* PORT_NONE when there is no such name. */
enum port port_find(const char *name);

/* PORT_NONE when there is no such number. */
enum port port_find_number(unsigned number);

#endif
