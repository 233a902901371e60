// SPDX-License-Identifier: GPL-3.0-or-later
/* The firewall's three operations.  Each is one transaction of the kernel,
 * followed by reading back what is there now and comparing it
 * (firewall/readback.h), and by a new state file.
 *
 * It fails closed.  When the closed ruleset cannot be loaded, or what is read back
 * is not what was loaded, the machine is sealed (firewall/seal.h) and the
 * operation fails.  When ports are to be opened on top of rules that are not
 * ours, the closed ruleset is loaded instead and the operation fails.  A
 * transaction that the kernel refuses changes nothing: an opening that is refused
 * leaves the ports as they were; when a port was to be closed, the closed ruleset
 * is loaded.
 *
 * The state file, 0644, for people and programs without CAP_NET_ADMIN:
 *	{"state": "closed" | "open" | "sealed", "open": [{"name": "smtp", "port": 25}, ...]} */
#ifndef POSTCASK_FIREWALL_FIREWALL_H
#define POSTCASK_FIREWALL_FIREWALL_H

#include <stdint.h>

#include "base/error.h"
#include "firewall/readback.h"

#define FIREWALL_STATE_FILE "/run/postcask/firewall.json"

/* Loads the closed ruleset in place of whatever `inet postcask` was, in one
 * transaction: there is no moment without rules, and none in which a mail port is
 * open again.  Established connections go on. */
_must_check_ int firewall_close(const char *state_file, struct error *error);

enum firewall_change {
	FIREWALL_ADD,	 /* open these ports too */
	FIREWALL_REMOVE, /* close these ports */
	FIREWALL_EXACTLY /* just these mail ports are open; that of proofs stays as it is */
};

/* Changes the open ports (firewall/ports.h) in one transaction of the set's
 * elements.  *ret_ports are the ports open afterwards, as read back. */
_must_check_ int firewall_change_ports(enum firewall_change change, uint32_t ports,
				       const char *state_file, uint32_t *ret_ports,
				       struct error *error);

/* Closes every mail port, or seals, because of `error`, which stays the result and
 * says what was done. */
int firewall_fail_closed(const char *state_file, struct error *error);

/* What the kernel has now; fails like readback_verify. */
_must_check_ int firewall_read(struct readback *ret, struct error *error);

#endif
