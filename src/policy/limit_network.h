// SPDX-License-Identifier: GPL-3.0-or-later
/* Whom an address counts for. */
#ifndef POSTCASK_POLICY_LIMIT_NETWORK_H
#define POSTCASK_POLICY_LIMIT_NETWORK_H

#include <netinet/in.h>
#include <stdbool.h>

enum limit_width {
	LIMIT_CLIENT_WIDTH,  /* one client: an IPv4 address, or /64 of IPv6 */
	LIMIT_NETWORK_WIDTH, /* one network: /16, or /32 */
};

enum { LIMIT_NETWORK_TEXT = INET6_ADDRSTRLEN + 4 };

/* "192.0.2.7/32"; an IPv4 address in IPv6 is that.  False for what is no address, or one of this
 * machine's own. */
bool limit_network(const char *address, enum limit_width width, char ret[LIMIT_NETWORK_TEXT]);

#endif
