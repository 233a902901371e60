// SPDX-License-Identifier: GPL-3.0-or-later
#include "settings/type_network.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "settings/encoding.h"
#include "settings/type_ip.h"
#include "settings/type_name.h"
#include "settings/type_refuse.h"

#define URL_SIZE_LIMIT 2048

static int refuse_host_bits(const char *text, size_t size, int family, unsigned char *bytes,
			    unsigned prefix, struct error *error)
{
	_cleanup_free_ char *quoted = encoding_quote(text, size);
	char network[INET6_ADDRSTRLEN];

	for (unsigned i = prefix; i < (family == AF_INET ? 32 : 128); i++)
		bytes[i / 8] &= (unsigned char)~(0x80 >> i % 8);
	inet_ntop(family, bytes, network, sizeof(network));
	return error_set(error, -EINVAL, "%s is an address inside a network; write %s/%u",
			 quoted ? quoted : "the value", network, prefix);
}

int type_network(const struct setting *setting _unused_, const char *text, size_t size,
		 char **ret_value, struct error *error)
{
	unsigned char bytes[16];
	char address[INET6_ADDRSTRLEN], *end;
	const char *slash = strchr(text, '/');
	size_t length = slash ? (size_t)(slash - text) : size;
	int family = strchr(text, ':') ? AF_INET6 : AF_INET;
	unsigned bits = family == AF_INET ? 32 : 128;
	unsigned long prefix = bits;

	if (length >= sizeof(address))
		return type_refuse(error, text, size,
				   "is no network; write one such as 192.0.2.0/24");
	memcpy(address, text, length);
	address[length] = '\0';
	if (inet_pton(family, address, bytes) != 1)
		return type_refuse(error, text, size,
				   "is no network; write one such as 192.0.2.0/24");
	if (slash) {
		prefix = strtoul(slash + 1, &end, 10);
		if (!isdigit((unsigned char)slash[1]) || *end || prefix > bits)
			return type_refuse(
			    error, text, size,
			    "has no prefix length after the /; write one such as /24");
	}
	for (unsigned i = (unsigned)prefix; i < bits; i++)
		if (bytes[i / 8] & 0x80 >> i % 8)
			return refuse_host_bits(text, size, family, bytes, (unsigned)prefix, error);
	inet_ntop(family, bytes, address, sizeof(address));
	if (asprintf(ret_value, "%s/%lu", address, prefix) < 0)
		return error_set(error, -ENOMEM, "out of memory");
	return 0;
}

int type_host(const struct setting *setting, const char *text, size_t size, char **ret_value,
	      struct error *error)
{
	if (type_is_ip(text))
		return type_ip(setting, text, size, ret_value, error);
	return type_domain(NULL, text, size, ret_value, error);
}

/* HOST or HOST:PORT or [IPv6]:PORT of a URL. */
static int check_authority(const char *text, size_t size, const char *start, size_t length,
			   struct error *error)
{
	_cleanup_free_ char *host = strndup(start, length), *stored = NULL;
	char *port, *end, *name = host;

	if (!host)
		return error_set(error, -ENOMEM, "out of memory");
	if (host[0] == '[') {
		name = host + 1;
		end = strchr(name, ']');
		if (!end || (end[1] && end[1] != ':'))
			return type_refuse(error, text, size,
					   "has a bracket without its pair; write [IPv6]");
		*end = '\0';
		port = end[1] ? end + 2 : NULL;
		if (!strchr(name, ':'))
			return type_refuse(error, text, size,
					   "has no IPv6 address in brackets; write one");
	} else {
		port = strchr(host, ':');
		if (port)
			*port++ = '\0';
	}
	if (port &&
	    (!isdigit((unsigned char)*port) || strlen(port) > 5 ||
	     strspn(port, "0123456789") != strlen(port) || atoi(port) < 1 || atoi(port) > 65535))
		return type_refuse(error, text, size,
				   "has no port after the colon; write 1 to 65535");
	return type_host(NULL, name, strlen(name), &stored, error);
}

int type_url(const struct setting *setting _unused_, const char *text, size_t size,
	     char **ret_value, struct error *error)
{
	static const char accepted[] = "-._~:/?[]@!$&()*+,;=%";
	const char *rest = !strncmp(text, "https://", 8)  ? text + 8
			   : !strncmp(text, "http://", 7) ? text + 7
							  : NULL;
	size_t length;
	int r;

	if (!rest)
		return type_refuse(error, text, size,
				   "is no web address; write http://... or https://...");
	if (size > URL_SIZE_LIMIT)
		return type_refuse(error, text, size, "is too long; write at most 2048 characters");
	for (const char *c = text; *c; c++)
		if ((*c & 0x80) || (!isalnum((unsigned char)*c) && !strchr(accepted, *c)))
			return type_refuse(
			    error, text, size,
			    "has a character that a web address cannot have; write it as "
			    "%XX");
	for (const char *c = strchr(text, '%'); c; c = strchr(c + 1, '%'))
		if (!isxdigit((unsigned char)c[1]) || !isxdigit((unsigned char)c[2]))
			return type_refuse(error, text, size,
					   "has a % without two digits; write %25");
	length = strcspn(rest, "/?");
	if (memchr(rest, '@', length))
		return type_refuse(error, text, size,
				   "has a user or password before the host; write it without");
	r = check_authority(text, size, rest, length, error);
	if (r < 0)
		return r;
	*ret_value = strdup(text);
	return *ret_value ? 0 : error_set(error, -ENOMEM, "out of memory");
}
