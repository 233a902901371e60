// SPDX-License-Identifier: GPL-3.0-or-later
/* The lists of the settings, and how one is asked for an address (RFC 5782 §2.1, §2.4):
 *
 *	192.0.2.99	99.2.0.192.zen.example.net
 *	2001:db8::99	9.9.0.0. ... .8.b.d.0.1.0.0.2.zen.example.net */
#ifndef POSTCASK_LISTS_CATALOG_H
#define POSTCASK_LISTS_CATALOG_H

#include <netinet/in.h>

#include "settings/blocklist.h"

enum {
	CATALOG_LISTS = 20,
	CATALOG_CODES = 20,
	CATALOG_ASKED = 64 + BLOCKLIST_NAME + 1,
	CATALOG_FILE = 64 * 1024,
};

struct catalog_list {
	char zone[BLOCKLIST_NAME + 1];	/* what Postfix, people and logs call it */
	char asked[BLOCKLIST_NAME + 1]; /* with its key: a secret */
	struct blocklist_codes codes[CATALOG_CODES];
	size_t count;
	bool welcomes; /* all its weights are below 0 */
};

struct catalog {
	struct catalog_list lists[CATALOG_LISTS];
	size_t count;
};

/* Reads what was rendered of the settings: an item of filter.blocklists a line; lines with # and
 * empty ones are passed over.  Items of one zone are one list.  -EINVAL with a sentence that has no
 * key in it. */
_must_check_ int catalog_parse(char *text, struct catalog *ret, struct error *error);
_must_check_ int catalog_load(const char *path, struct catalog *ret, struct error *error);

/* NULL when there is none of that zone. */
const struct catalog_list *catalog_find(const struct catalog *catalog, const char *zone);

/* Does the answer count for one of the list's items? */
bool catalog_count(const struct catalog_list *list, const uint8_t address[4]);

/* An address, either kind. */
struct catalog_address {
	int family; /* AF_INET, AF_INET6 */
	uint8_t bytes[16];
};

bool catalog_address(const char *text, struct catalog_address *ret);

/* The name that `list` is asked for it. */
void catalog_ask(const struct catalog_list *list, const struct catalog_address *address,
		 char ret[CATALOG_ASKED]);

#endif
