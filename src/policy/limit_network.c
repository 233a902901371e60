// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/limit_network.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static const unsigned widths[][2] = {
    [LIMIT_CLIENT_WIDTH] = {32, 64},
    [LIMIT_NETWORK_WIDTH] = {16, 32},
};

static void write_network(int family, const unsigned char *bytes, unsigned bits,
			  char ret[LIMIT_NETWORK_TEXT])
{
	unsigned char kept[sizeof(struct in6_addr)] = {0};
	char text[INET6_ADDRSTRLEN];

	memcpy(kept, bytes, bits / 8);
	inet_ntop(family, kept, text, sizeof(text));
	snprintf(ret, LIMIT_NETWORK_TEXT, "%s/%u", text, bits);
}

bool limit_network(const char *address, enum limit_width width, char ret[LIMIT_NETWORK_TEXT])
{
	unsigned char bytes[sizeof(struct in6_addr)], *v4 = bytes;
	bool is_v4 = inet_pton(AF_INET, address, bytes) == 1;
	struct in6_addr v6;

	if (!is_v4) {
		if (inet_pton(AF_INET6, address, bytes) != 1)
			return false;
		memcpy(&v6, bytes, sizeof(v6));
		if (IN6_IS_ADDR_LOOPBACK(&v6))
			return false;
		is_v4 = IN6_IS_ADDR_V4MAPPED(&v6);
		v4 = bytes + sizeof(v6) - sizeof(struct in_addr);
	}
	if (is_v4 && v4[0] == 127)
		return false;
	write_network(is_v4 ? AF_INET : AF_INET6, is_v4 ? v4 : bytes, widths[width][!is_v4], ret);
	return true;
}
