// SPDX-License-Identifier: GPL-3.0-or-later
/* What postscreen asks, in place of Postfix's own dnsblog(8): attributes, each a name and a value
 * that end with NUL, and a NUL after the last (Postfix, attr_print0(3)).
 *
 *	rbl_domain zen.example.net  client_address 192.0.2.99  label 7
 *
 * and the same with the codes that count, blanks between, and for how many seconds that holds:
 *
 *	rbl_domain zen.example.net  client_address 192.0.2.99  label 7  rbl_addr 127.0.0.4  ttl 60
 */
#ifndef POSTCASK_LISTS_ATTRIBUTES_H
#define POSTCASK_LISTS_ATTRIBUTES_H

#include "base/buffer.h"

enum { ATTRIBUTES_LIMIT = 1024 };

struct attributes {
	const char *zone, *client, *label; /* in the bytes that were read */
};

enum attributes_result { ATTRIBUTES_MORE, ATTRIBUTES_WHOLE, ATTRIBUTES_WRONG };

/* More than ATTRIBUTES_LIMIT bytes are wrong, as is whatever stands after the end. */
enum attributes_result attributes_parse(const char *bytes, size_t size, struct attributes *ret);

void attributes_answer(const struct attributes *attributes, const char *codes, unsigned ttl,
		       struct buffer *bytes);

#endif
