// SPDX-License-Identifier: GPL-3.0-or-later
/* Whom the guard knows clients by: an IPv4 address, or an IPv6 network of 64 bits, for within
 * such a one everybody has as many addresses as he likes.  And lists of networks. */
#ifndef POSTCASK_GUARD_NETWORK_H
#define POSTCASK_GUARD_NETWORK_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

enum {
	NETWORK_TEXT = INET6_ADDRSTRLEN + 4,
	NETWORK_BYTES = 8, /* of an IPv6 network; of an IPv4 address the first 4 */
};

/* Compared and hashed byte by byte: what is unused is zero. */
struct network {
	uint8_t family; /* 4 or 6 */
	uint8_t bytes[NETWORK_BYTES];
};

/* An address, or a network as network_print writes it.  IPv4 in IPv6's clothes (::ffff:192.0.2.1)
 * is IPv4.  False for anything else, such as an address with a zone. */
_must_check_ bool network_take(struct slice text, struct network *ret);

/* The network of an AF_INET or AF_INET6 address; false for other families. */
_must_check_ bool network_of(const struct sockaddr *address, struct network *ret);

/* "192.0.2.1", "2001:db8:0:1::/64". */
void network_print(const struct network *network, char ret[NETWORK_TEXT]);

bool network_equal(const struct network *a, const struct network *b);

/* 127.0.0.0/8 and ::1. */
bool network_is_loopback(const struct network *network);

/* "192.0.2.0/24" of a list of networks as the settings store them. */
struct network_range {
	uint8_t family, prefix;
	uint8_t bytes[16];
};

_must_check_ bool network_take_range(struct slice text, struct network_range *ret);

/* Is all of `inner` in `outer`? */
bool network_range_has(const struct network_range *outer, const struct network_range *inner);

/* Is a part of the network in the range, or of the range in the network? */
bool network_meets(const struct network *network, const struct network_range *range);

#endif
