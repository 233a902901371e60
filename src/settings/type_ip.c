// SPDX-License-Identifier: GPL-3.0-or-later
#include "settings/type_ip.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "settings/type_refuse.h"

bool type_is_ip(const char *text)
{
	unsigned char bytes[16];

	return inet_pton(AF_INET, text, bytes) == 1 || inet_pton(AF_INET6, text, bytes) == 1;
}

/* An address that a packet can be sent to. */
static bool is_unicast(int family, const unsigned char *bytes)
{
	static const unsigned char nothing[16], mapped[12] = {[10] = 0xff, [11] = 0xff};

	if (family == AF_INET)
		return bytes[0] != 0 && bytes[0] != 127 && bytes[0] < 224;
	if (!memcmp(bytes, mapped, sizeof(mapped)))
		return is_unicast(AF_INET, bytes + sizeof(mapped));
	if (!memcmp(bytes, nothing, 15) && bytes[15] <= 1)
		return false; /* :: and ::1 */
	return bytes[0] != 0xff;
}

int type_ip(const struct setting *setting _unused_, const char *text, size_t size, char **ret_value,
	    struct error *error)
{
	unsigned char bytes[16];
	char stored[INET6_ADDRSTRLEN];
	int family = strchr(text, ':') ? AF_INET6 : AF_INET;

	if (size > INET6_ADDRSTRLEN || inet_pton(family, text, bytes) != 1)
		return type_refuse(
		    error, text, size,
		    "is no IP address; write one such as 192.0.2.53 or 2001:db8::53");
	if (!is_unicast(family, bytes))
		return type_refuse(
		    error, text, size,
		    "is this machine itself or no single machine; write the address of "
		    "another one");
	inet_ntop(family, bytes, stored, sizeof(stored));
	*ret_value = strdup(stored);
	return *ret_value ? 0 : error_set(error, -ENOMEM, "out of memory");
}
