// SPDX-License-Identifier: GPL-3.0-or-later
/* Where a change of a zone goes: the address of the server that takes it, and the zone of a name as
 * that server has it, which may be one that nobody else sees. */
#ifndef POSTCASK_DNS_PLACE_H
#define POSTCASK_DNS_PLACE_H

#include "dns/book.h"

/* The server's address as text, owned by the caller; a name is looked up. */
_must_check_ int dns_place_address(struct dns_book *book, const char *server, int64_t deadline_ms,
				   char **ret, struct error *error);

/* The zone of a name by the server at that address; points into the book.  NULL while it is to
 * come, and when the server has none: then *ret_none is true. */
const char *dns_place_zone(struct dns_book *book, const char *address, const char *name,
			   bool *ret_none);

#endif
