// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/host_name.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/slice.h"
#include "policy/name.h"

/* Whole words between dots, hyphens and digits. */
static const char *const words[] = {
    "adsl",	   "broadband",	 "cable", "catv",      "client",   "cpe",   "cust",   "customer",
    "customers",   "dhcp",	 "dial",  "dialin",    "dialup",   "dip",   "docsis", "dsl",
    "dyn",	   "dynamic",	 "dynip", "dynamicip", "fiber",	   "ftth",  "home",   "hsd",
    "lte",	   "mobile",	 "modem", "nat",       "pool",	   "pools", "ppp",    "pppoe",
    "residential", "unassigned", "user",  "vdsl",      "wireless", "xdsl",  "wimax",  "unused",
};

static bool is_word(const char *at, size_t size)
{
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strlen(words[i]) == size && strncasecmp(words[i], at, size) == 0)
			return true;
	return false;
}

/* The domain itself, the last two labels, is the provider's name and says nothing. */
static bool has_word(const char *name, size_t size)
{
	size_t begin = 0;

	for (size_t i = 0; i <= size; i++) {
		if (i < size && isalpha((unsigned char)name[i]))
			continue;
		if (i > begin && is_word(name + begin, i - begin))
			return true;
		begin = i + 1;
	}
	return false;
}

/* Two bytes of an IPv4 address as numbers of their own, or all four in hexadecimal or as one run
 * of digits: 10.20 of 192.0.10.20 in "host-20-10.example.net", c0000a14 in another. */
static bool has_v4(const char *name, size_t size, uint32_t address)
{
	char text[NAME_SIZE], hex[9], padded[13], backward[13];
	unsigned char bytes[4] = {(unsigned char)(address >> 24), (unsigned char)(address >> 16),
				  (unsigned char)(address >> 8), (unsigned char)address};
	unsigned seen = 0;

	slice_copy((struct slice){name, size}, text, sizeof(text));
	snprintf(hex, sizeof(hex), "%08x", address);
	snprintf(padded, sizeof(padded), "%03u%03u%03u%03u", bytes[0], bytes[1], bytes[2],
		 bytes[3]);
	snprintf(backward, sizeof(backward), "%03u%03u%03u%03u", bytes[3], bytes[2], bytes[1],
		 bytes[0]);
	if (strcasestr(text, hex) || strstr(text, padded) || strstr(text, backward))
		return true;
	for (const char *at = text; *at;) {
		char *end;
		unsigned long number;

		if (!isdigit((unsigned char)*at)) {
			at++;
			continue;
		}
		number = strtoul(at, &end, 10);
		/* The last byte must be there: mail2.example is no address. */
		for (size_t i = 0; i < sizeof(bytes); i++)
			if (number == bytes[i] && end - at <= 3)
				seen |= 1u << i;
		at = end;
	}
	return (seen & 8) && __builtin_popcount(seen) >= 2;
}

/* Sixteen digits of it in a row, or its groups between hyphens: what stands for the interface. */
static bool has_v6(const char *name, size_t size, const struct in6_addr *address)
{
	char digits[NAME_SIZE], hex[17];
	size_t kept = 0;

	for (size_t i = 0; i < size && kept + 1 < sizeof(digits); i++)
		if (isxdigit((unsigned char)name[i]))
			digits[kept++] = (char)tolower((unsigned char)name[i]);
	digits[kept] = '\0';
	for (size_t i = 0; i < 8; i++)
		snprintf(hex + 2 * i, 3, "%02x", address->s6_addr[8 + i]);
	return strstr(digits, hex) != NULL;
}

static bool read_address(const char *text, struct in6_addr *ret_v6, uint32_t *ret_v4)
{
	struct in_addr v4;

	if (inet_pton(AF_INET, text, &v4) == 1) {
		*ret_v4 = ntohl(v4.s_addr);
		return true;
	}
	*ret_v4 = 0;
	if (inet_pton(AF_INET6, text, ret_v6) != 1)
		return false;
	if (IN6_IS_ADDR_V4MAPPED(ret_v6))
		*ret_v4 = (uint32_t)ret_v6->s6_addr[12] << 24 |
			  (uint32_t)ret_v6->s6_addr[13] << 16 | (uint32_t)ret_v6->s6_addr[14] << 8 |
			  ret_v6->s6_addr[15];
	return true;
}

bool host_is_named(const char *name, const char *address)
{
	struct in6_addr v6;
	uint32_t v4;
	size_t own;

	if (!read_address(address, &v6, &v4) || !strchr(name, '.') || strlen(name) >= NAME_SIZE)
		return false;
	own = strlen(name) - strlen(name_last(name, 2));
	if (has_word(name, own))
		return false;
	return v4 ? !has_v4(name, own, v4) : !has_v6(name, own, &v6);
}

void host_network(const char *address, unsigned v4_bits, char ret[HOST_NETWORK])
{
	struct in6_addr v6;
	uint32_t v4;

	ret[0] = '\0';
	if (!read_address(address, &v6, &v4))
		return;
	if (v4) {
		struct in_addr network = {htonl(v4_bits ? v4 & ~0u << (32 - v4_bits) : 0)};

		inet_ntop(AF_INET, &network, ret, HOST_NETWORK);
		snprintf(ret + strlen(ret), HOST_NETWORK - strlen(ret), "/%u", v4_bits);
	} else {
		memset(v6.s6_addr + 8, 0, 8);
		inet_ntop(AF_INET6, &v6, ret, HOST_NETWORK);
		snprintf(ret + strlen(ret), HOST_NETWORK - strlen(ret), "/64");
	}
}
