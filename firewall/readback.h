// SPDX-License-Identifier: GPL-3.0-or-later
/* What the kernel really has: the table is read back (chains, rules, sets and
 * their elements) and compared with the composed ruleset.  A rule more, a rule
 * less, another order, another policy or one changed byte is a difference. */
#ifndef POSTCASK_FIREWALL_READBACK_H
#define POSTCASK_FIREWALL_READBACK_H

#include <stdint.h>

#include "base/error.h"

struct readback {
	uint32_t ports;		  /* open ones (firewall/ports.h) */
	uint64_t dropped_packets; /* the sum of the rules' counters */
	uint64_t dropped_bytes;
};

/* Reads the table `inet postcask` and compares everything but which mail ports
 * are open with the ruleset of firewall/ruleset.h; those are returned in
 * ret->ports.  -ENOENT when there is no table, -ESTALE when it is that of another
 * version, -EBADMSG (the error says where) when it differs. */
_must_check_ int readback_verify(struct readback *ret, struct error *error);

#endif
