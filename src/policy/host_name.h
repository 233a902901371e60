// SPDX-License-Identifier: GPL-3.0-or-later
/* What the name of a client says of it. */
#ifndef POSTCASK_POLICY_HOST_NAME_H
#define POSTCASK_POLICY_HOST_NAME_H

#include <stdbool.h>
#include <stddef.h>

enum { HOST_NETWORK = 64 };

/* Is it a name that somebody gave to a server, and not one that a provider has for each of its
 * addresses?  The latter have the address in them, in some writing, or say what they are for:
 * dial-up, DSL, a pool.  A name without a dot, or "unknown", is none. */
bool host_is_named(const char *name, const char *address);

/* The network that an address is counted by: IPv4 by its first `v4_bits`, IPv6 by 64; "" for what
 * is no address.  An IPv4 address in IPv6's clothes is one of IPv4. */
void host_network(const char *address, unsigned v4_bits, char ret[HOST_NETWORK]);

#endif
