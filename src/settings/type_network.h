// SPDX-License-Identifier: GPL-3.0-or-later
/* Types of the network: networks, hosts, URLs. */
#ifndef POSTCASK_TYPE_NETWORK_H
#define POSTCASK_TYPE_NETWORK_H

#include <stdbool.h>

#include "base/error.h"
#include "settings/table.h"

int type_network(const struct setting *setting, const char *text, size_t size, char **ret_value,
		 struct error *error);
int type_host(const struct setting *setting, const char *text, size_t size, char **ret_value,
	      struct error *error);
int type_url(const struct setting *setting, const char *text, size_t size, char **ret_value,
	     struct error *error);

#endif
