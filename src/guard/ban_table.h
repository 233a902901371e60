// SPDX-License-Identifier: GPL-3.0-or-later
/* The kernel's table of who is kept away, beside the sealed one of firewall/ruleset.h, which knows
 * nothing of it.  In nft(8)'s words:
 *
 *	table inet postcask_ban {
 *		set four { type ipv4_addr; flags timeout; }
 *		set six { type ipv6_addr; flags timeout; }
 *		chain prerouting {
 *			type filter hook prerouting priority raw; policy accept;
 *			ip saddr @four counter drop
 *			ip6 saddr & ffff:ffff:ffff:ffff:: @six counter drop
 *		}
 *	}
 *
 * It comes before connections are tracked, so that those which are there already end too, on every
 * port.  Each element has an end of its own: nobody has to take it out.  Hash sets, with the mask
 *in the rule: a set of intervals takes seconds to change when it is large. */
#ifndef POSTCASK_GUARD_BAN_TABLE_H
#define POSTCASK_GUARD_BAN_TABLE_H

#include "base/error.h"
#include "guard/network.h"

#define BAN_TABLE "postcask_ban"

struct ban {
	struct network network;
	int64_t seconds; /* that are left */
};

/* Makes the table anew, and puts in who is to be kept away. */
_must_check_ int ban_table_make(const struct ban *bans, size_t count, struct error *error);

/* Puts in one more, or gives it another end. */
_must_check_ int ban_table_add(const struct ban *ban, struct error *error);

/* 0 also when it is not there. */
_must_check_ int ban_table_remove(const struct network *network, struct error *error);

/* Takes the table away; 0 also when there is none. */
_must_check_ int ban_table_drop(struct error *error);

#endif
