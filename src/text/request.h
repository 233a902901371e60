// SPDX-License-Identifier: GPL-3.0-or-later
/* What Dovecot asks at the start of a connection (its script protocol): a line with the protocol's
 * version, lines with options, a line for each argument, an empty line; then the document until it
 * shuts its side.  Without an argument it wants to know which types are read; with one, that is the
 * document's type, which a stranger chose. */
#ifndef POSTCASK_TEXT_REQUEST_H
#define POSTCASK_TEXT_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"

enum {
	REQUEST_LINE = 512, /* bytes of a line */
	REQUEST_LINES = 16,
};

struct request {
	char type[REQUEST_LINE]; /* in lower case; "" when the types are asked for */
	char line[REQUEST_LINE]; /* as far as it has come */
	size_t line_size;
	unsigned lines, arguments;
	bool complete, broken; /* the empty line was read; it is none of this protocol */
};

/* Takes as much of the bytes as belongs to the request, and returns how much that was: what follows
 * a complete request is the document's. */
_must_check_ size_t request_feed(struct request *request, const char *bytes, size_t size);

#endif
