// SPDX-License-Identifier: GPL-3.0-or-later
/* The ports a mail server may offer to the network, those of component/ports.h, and port 80 for the
 * time in which an ACME authority looks for a proof (postcask-challenge.service): the only ones
 * that postcask-firewall opens.  A set of them is a bit mask, PORT_BIT(), of the last one
 * PORTS_PROOF_BIT.  No report opens that, nor closes it. */
#ifndef POSTCASK_FIREWALL_PORTS_H
#define POSTCASK_FIREWALL_PORTS_H

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "base/error.h"
#include "component/ports.h"

#define PORTS_PROOF_NUMBER 80
#define PORTS_PROOF_NAME   "http"
#define PORTS_PROOF_BIT	   (UINT32_C(1) << 31)
_Static_assert(PORTS <= 31, "a set has room for the port of proofs");

/* Adds the port that `text` names ("smtp") or numbers ("25") to *ports;
 * -EINVAL when it is no mail port. */
_must_check_ int ports_add(uint32_t *ports, const char *text, struct error *error);

/* Adds the port with this number; -EINVAL when it is no mail port. */
_must_check_ int ports_add_number(uint32_t *ports, uint16_t number);

/* The number of each bit, in their order: *position is 0 first; 0 after the last one. */
uint16_t ports_next(uint32_t ports, unsigned *position, const char **ret_name);

/* The ports named by the "open" array of a report (report.json of
 * postcask-verify, at most 1 MiB).  One unknown name refuses the whole. */
_must_check_ int ports_read_report(const char *path, uint32_t *ret_ports, struct error *error);

/* "smtp, submissions, ..." with `last` before the last one; owned by the caller, NULL
 * when out of memory. */
char *ports_list_names(const char *last);

/* [{"name": "smtp", "port": 25}, ...]; NULL when out of memory. */
json_t *ports_to_json(uint32_t ports);

#endif
