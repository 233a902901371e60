// SPDX-License-Identifier: GPL-3.0-or-later
/* The ports a mail server may offer to the network: the only ones that
 * postcask-firewall opens.  A set of them is a bit mask, bit N for the N-th
 * port of the table. */
#ifndef POSTCASK_FIREWALL_PORTS_H
#define POSTCASK_FIREWALL_PORTS_H

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "base/error.h"

struct firewall_port {
	const char *name; /* as in the settings (services) and the report */
	uint16_t number;  /* TCP */
};

#define FIREWALL_PORT_COUNT 8
extern const struct firewall_port firewall_ports[FIREWALL_PORT_COUNT];

/* Adds the port that `text` names ("smtp") or numbers ("25") to *ports;
 * -EINVAL when it is no mail port. */
_must_check_ int ports_add(uint32_t *ports, const char *text, struct error *error);

/* Adds the port with this number; -EINVAL when it is no mail port. */
_must_check_ int ports_add_number(uint32_t *ports, uint16_t number);

/* The ports named by the "open" array of a report (report.json of
 * postcask-verify, at most 1 MiB).  One unknown name refuses the whole. */
_must_check_ int ports_read_report(const char *path, uint32_t *ret_ports, struct error *error);

/* [{"name": "smtp", "port": 25}, ...]; NULL when out of memory. */
json_t *ports_to_json(uint32_t ports);

#endif
