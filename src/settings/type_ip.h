// SPDX-License-Identifier: GPL-3.0-or-later
/* The type of IP addresses. */
#ifndef POSTCASK_TYPE_IP_H
#define POSTCASK_TYPE_IP_H

#include <stdbool.h>

#include "base/error.h"
#include "settings/table.h"

/* An IPv4 or IPv6 address as inet_pton(3) reads it. */
bool type_is_ip(const char *text);

int type_ip(const struct setting *setting, const char *text, size_t size, char **ret_value,
	    struct error *error);

#endif
