// SPDX-License-Identifier: GPL-3.0-or-later
/* The last resort when the ruleset cannot be loaded: a machine whose firewall
 * fails must not be reachable at all.  In this order, until one succeeds:
 *
 * 1. The table `inet postcask_sealed`: an input and a forward chain whose policy
 *    is drop, without any rule.  It needs nothing of the kernel but nf_tables
 *    itself, so it loads where a missing expression or module stops the real one.
 * 2. Every network interface but the loopback is taken down.
 *
 * The unit then fails, and the network's own units, which require it, do not
 * start: what is left is the console, where the error stands. */
#ifndef POSTCASK_FIREWALL_SEAL_H
#define POSTCASK_FIREWALL_SEAL_H

#include "base/error.h"
#include "firewall/netlink.h"

#define SEAL_TABLE "postcask_sealed"

/* Cuts the machine off.  *ret_how says by what, in words for the report. */
_must_check_ int seal(const char **ret_how, struct error *error);

/* Adds the removal of the seal, if there is one, to a transaction. */
void seal_remove(struct transaction *transaction);

#endif
