// SPDX-License-Identifier: GPL-3.0-or-later
/* The ports a mail server may offer to the network, those of component/ports.h: the
 * only ones that postcask-firewall opens.  A set of them is a bit mask, PORT_BIT(). */
#ifndef POSTCASK_FIREWALL_PORTS_H
#define POSTCASK_FIREWALL_PORTS_H

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "base/error.h"
#include "component/ports.h"

/* Adds the port that `text` names ("smtp") or numbers ("25") to *ports;
 * -EINVAL when it is no mail port. */
_must_check_ int ports_add(uint32_t *ports, const char *text, struct error *error);

/* Adds the port with this number; -EINVAL when it is no mail port. */
_must_check_ int ports_add_number(uint32_t *ports, uint16_t number);

/* The ports named by the "open" array of a report (report.json of
 * postcask-verify, at most 1 MiB).  One unknown name refuses the whole. */
_must_check_ int ports_read_report(const char *path, uint32_t *ret_ports, struct error *error);

/* "smtp, submissions, ..." with `last` before the last one; owned by the caller, NULL
 * when out of memory. */
char *ports_list_names(const char *last);

/* [{"name": "smtp", "port": 25}, ...]; NULL when out of memory. */
json_t *ports_to_json(uint32_t ports);

#endif
