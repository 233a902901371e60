// SPDX-License-Identifier: GPL-3.0-or-later
#include "guard/network.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

enum { NETWORK_PREFIX = 64 };

static void network_fill(struct network *ret, int family, const uint8_t *bytes)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	*ret = (struct network){0};
	if (family == AF_INET6 && memcmp(bytes, mapped, sizeof(mapped)) == 0) {
		family = AF_INET;
		bytes += sizeof(mapped);
	}
	ret->family = family == AF_INET ? 4 : 6;
	memcpy(ret->bytes, bytes, family == AF_INET ? 4 : NETWORK_BYTES);
}

/* The address before a slash; *ret_prefix is what follows it, all bits without. */
static bool take(struct slice text, int *ret_family, uint8_t ret_bytes[16], unsigned *ret_prefix)
{
	char address[INET6_ADDRSTRLEN];
	struct slice rest = text, before = text;
	bool has_prefix = slice_until(&rest, SLICE("/"), &before);
	long long prefix = 0;
	unsigned bits;

	if (before.size == 0 || before.size >= sizeof(address) ||
	    memchr(before.at, '\0', before.size))
		return false;
	slice_copy(before, address, sizeof(address));
	*ret_family = strchr(address, ':') ? AF_INET6 : AF_INET;
	bits = *ret_family == AF_INET ? 32 : 128;
	if (inet_pton(*ret_family, address, ret_bytes) != 1)
		return false;
	if (has_prefix && (!slice_number(&rest, &prefix) || rest.size > 0 || prefix < 0 ||
			   prefix > (long long)bits))
		return false;
	*ret_prefix = has_prefix ? (unsigned)prefix : bits;
	return true;
}

bool network_take(struct slice text, struct network *ret)
{
	uint8_t bytes[16] = {0};
	unsigned prefix;
	int family;

	if (!take(text, &family, bytes, &prefix) ||
	    prefix < (unsigned)(family == AF_INET ? 32 : NETWORK_PREFIX))
		return false;
	network_fill(ret, family, bytes);
	return true;
}

bool network_of(const struct sockaddr *address, struct network *ret)
{
	if (address->sa_family == AF_INET)
		network_fill(ret, AF_INET,
			     (const uint8_t *)&((const struct sockaddr_in *)address)->sin_addr);
	else if (address->sa_family == AF_INET6)
		network_fill(ret, AF_INET6,
			     (const uint8_t *)&((const struct sockaddr_in6 *)address)->sin6_addr);
	else
		return false;
	return true;
}

void network_print(const struct network *network, char ret[NETWORK_TEXT])
{
	uint8_t bytes[16] = {0};

	memcpy(bytes, network->bytes, NETWORK_BYTES);
	inet_ntop(network->family == 4 ? AF_INET : AF_INET6, bytes, ret, INET6_ADDRSTRLEN);
	if (network->family == 6)
		strcat(ret, "/64");
}

bool network_equal(const struct network *a, const struct network *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

bool network_is_loopback(const struct network *network)
{
	static const uint8_t none[NETWORK_BYTES] = {0}; /* ::1 is in ::/64, as :: is */

	return network->family == 4 ? network->bytes[0] == 127
				    : memcmp(network->bytes, none, sizeof(none)) == 0;
}

bool network_take_range(struct slice text, struct network_range *ret)
{
	struct network_range range = {0};
	unsigned prefix;
	int family;

	if (!take(text, &family, range.bytes, &prefix))
		return false;
	range.family = family == AF_INET ? 4 : 6;
	range.prefix = (uint8_t)prefix;
	*ret = range;
	return true;
}

/* Are the first `bits` the same? */
static bool is_equal(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	return memcmp(a, b, bits / 8) == 0 &&
	       (bits % 8 == 0 || ((a[bits / 8] ^ b[bits / 8]) & (0xff00 >> bits % 8) & 0xff) == 0);
}

bool network_range_has(const struct network_range *outer, const struct network_range *inner)
{
	return outer->family == inner->family && outer->prefix <= inner->prefix &&
	       is_equal(outer->bytes, inner->bytes, outer->prefix);
}

bool network_meets(const struct network *network, const struct network_range *range)
{
	unsigned bits = network->family == 4 ? 32 : NETWORK_PREFIX;

	if (network->family != range->family)
		return false;
	bits = range->prefix < bits ? range->prefix : bits;
	return is_equal(network->bytes, range->bytes, bits);
}
