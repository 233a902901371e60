// SPDX-License-Identifier: GPL-3.0-or-later
#include "guard/never.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-login.h>

#include "base/file.h"

#define OWN "it is this machine's own, or its neighbours' in the same network"

enum { ROUTES_LIMIT = 1024 * 1024, ROUTE6_GATEWAY = 4 };

int never_add(struct never *never, const char *text, struct error *error)
{
	if (never->count == NEVER_RANGES)
		return error_set(error, E2BIG, "more than %d networks are never to be banned",
				 NEVER_RANGES);
	if (!network_take_range(slice_of(text), &never->ranges[never->count]))
		return error_set(error, EINVAL, "%s is no network; write one such as 192.0.2.0/24",
				 text);
	never->count++;
	return 0;
}

static void find(struct never *never, const struct network *network, const char *why)
{
	if (never->found_count < NEVER_FOUND)
		never->found[never->found_count++] = (struct never_found){*network, why};
}

static int find_own(struct never *never, struct error *error)
{
	struct network network;
	struct ifaddrs *list;

	if (getifaddrs(&list) < 0)
		return error_errno(error, errno, "the machine's own addresses are not known");
	for (const struct ifaddrs *one = list; one; one = one->ifa_next)
		if (one->ifa_addr && network_of(one->ifa_addr, &network))
			find(never, &network, OWN);
	freeifaddrs(list);
	return 0;
}

/* ---- Gateways ---- */

static bool next_field(struct slice *line, const char *blank, struct slice *ret)
{
	while (line->size > 0 && strchr(blank, *line->at))
		*line = (struct slice){line->at + 1, line->size - 1};
	return slice_until(line, (struct slice){blank, 1}, ret);
}

static bool take_hex(struct slice text, uint8_t *bytes, size_t count)
{
	if (text.size != 2 * count)
		return false;
	for (size_t i = 0; i < count; i++) {
		char digits[3] = {text.at[2 * i], text.at[2 * i + 1], '\0'}, *end;

		bytes[i] = (uint8_t)strtoul(digits, &end, 16);
		if (*end)
			return false;
	}
	return true;
}

/* Interface, destination, gateway, each a word of the machine's own order of bytes. */
bool never_read_route(struct slice line, struct network *ret)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	struct slice field = {0};
	uint8_t bytes[4];

	for (int i = 0; i < 3; i++)
		if (!next_field(&line, "\t", &field))
			return false;
	if (!take_hex(field, bytes, sizeof(bytes)))
		return false;
	address.sin_addr.s_addr = htonl((uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 |
					(uint32_t)bytes[2] << 8 | bytes[3]);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	address.sin_addr.s_addr = __builtin_bswap32(address.sin_addr.s_addr);
#endif
	return address.sin_addr.s_addr != 0 && network_of((struct sockaddr *)&address, ret);
}

/* Destination and its prefix, source and its prefix, next hop. */
bool never_read_route6(struct slice line, struct network *ret)
{
	struct sockaddr_in6 address = {.sin6_family = AF_INET6};
	struct slice field = {0};

	for (int i = 0; i <= ROUTE6_GATEWAY; i++)
		if (!next_field(&line, " ", &field))
			return false;
	return take_hex(field, address.sin6_addr.s6_addr, 16) &&
	       !IN6_IS_ADDR_UNSPECIFIED(&address.sin6_addr) &&
	       network_of((struct sockaddr *)&address, ret);
}

/* Without a protocol there is no such file, and nobody comes by it. */
static void find_routers(struct never *never, const char *path,
			 bool (*read)(struct slice line, struct network *ret))
{
	_cleanup_free_ char *text = NULL;
	struct slice rest, line;
	struct network router;
	size_t size;

	if (file_read(path, ROUTES_LIMIT, &text, &size, NULL) < 0)
		return;
	rest = (struct slice){text, size};
	while (slice_until(&rest, SLICE("\n"), &line))
		if (read(line, &router))
			find(never, &router, "it is this machine's gateway");
}

/* ---- Sessions ---- */

static void free_names(char ***names)
{
	for (size_t i = 0; *names && (*names)[i]; i++)
		free((*names)[i]);
	free(*names);
}

/* By systemd-logind, which hears of each from PAM. */
static void find_sessions(struct never *never)
{
	_cleanup_(free_names) char **sessions = NULL;

	if (sd_get_sessions(&sessions) < 0)
		return;
	for (size_t i = 0; sessions && sessions[i]; i++) {
		_cleanup_free_ char *host = NULL;
		struct network network;

		if (sd_session_get_remote_host(sessions[i], &host) >= 0 && host &&
		    network_take(slice_of(host), &network))
			find(never, &network, "somebody is logged in from there by ssh");
	}
}

int never_look(struct never *never, struct error *error)
{
	if (!never->found)
		never->found = calloc(NEVER_FOUND, sizeof(*never->found));
	if (!never->found)
		return error_set(error, ENOMEM, "out of memory");
	never->found_count = 0;
	find_sessions(never);
	find_routers(never, "/proc/net/route", never_read_route);
	find_routers(never, "/proc/net/ipv6_route", never_read_route6);
	return find_own(never, error);
}

void never_clear(struct never *never)
{
	free(never->found);
	never->found = NULL;
	never->found_count = 0;
}

const char *never_reason(const struct never *never, const struct network *network)
{
	if (network_is_loopback(network))
		return OWN;
	for (size_t i = 0; i < never->count; i++)
		if (network_meets(network, &never->ranges[i]))
			return "it is in ban.never of the settings";
	for (size_t i = 0; i < never->found_count; i++)
		if (network_equal(network, &never->found[i].network))
			return never->found[i].why;
	return NULL;
}
