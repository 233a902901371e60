// SPDX-License-Identifier: GPL-3.0-or-later
/* Postfix's socketmap(5): a netstring asks, "MAP KEY", and a netstring answers. */
#ifndef POSTCASK_OUTWARD_NETSTRING_H
#define POSTCASK_OUTWARD_NETSTRING_H

#include <stdbool.h>

#include "base/slice.h"

enum {
	NETSTRING_LIMIT = 4096, /* of a question: a name has 253 letters */
	OUTWARD_NAME = 256,	/* a domain's name and its NUL */
};

enum netstring_kind { NETSTRING_PART, NETSTRING_WHOLE, NETSTRING_BROKEN };

/* Takes a whole one from the front; nothing while there is only a part of it.  Broken is also one
 * of more than NETSTRING_LIMIT bytes. */
enum netstring_kind netstring_take(struct slice *input, struct slice *ret_payload);

void netstring_add(struct buffer *buffer, struct slice payload);

/* The next hop that is asked about, in small letters.  False when it is none that could have a
 * policy: a server in brackets, one with a port, an address, Postfix's own second question for
 * what is above (".example.org"), or no name at all. */
_must_check_ bool socketmap_domain(struct slice question, char ret[OUTWARD_NAME]);

/* A name of the DNS, of at least two labels of letters, digits, "-" and "_", of which the last one
 * is no number; without a dot at its end. */
_must_check_ bool outward_is_name(const char *name);

#endif
