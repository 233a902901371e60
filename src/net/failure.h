// SPDX-License-Identifier: GPL-3.0-or-later
/* Why a probe failed: one of a small closed set of classes and a sentence.
 *
 * Clients return the class (FAILURE_NONE is 0, so `if (failure)` reads well) and
 * leave the sentence in the `struct failure` of their stream; whoever knows more
 * puts context before it with failure_wrap.  The class is what programs look at,
 * the sentence is what people read. */
#ifndef POSTCASK_NET_FAILURE_H
#define POSTCASK_NET_FAILURE_H

#include <stdarg.h>
#include <stddef.h>

#include "base/cleanup.h"

enum failure_class {
	FAILURE_NONE = 0,
	FAILURE_REFUSED,	/* nobody listens, or the socket may not be opened */
	FAILURE_UNREACHABLE,	/* no way to the address */
	FAILURE_TIMEOUT,	/* the deadline passed */
	FAILURE_CLOSED,		/* the server hung up in the middle */
	FAILURE_TLS,		/* no handshake, or with a protocol it must not have */
	FAILURE_CERTIFICATE,	/* chain, name or time of the certificate */
	FAILURE_PROTOCOL,	/* an answer that the protocol does not have here */
	FAILURE_AUTHENTICATION, /* the right password was refused */
	FAILURE_POLICY,		/* something was allowed that must be refused */
	FAILURE_CONTENT,	/* right protocol, wrong or missing content */
	FAILURE_RESOURCE,	/* a temporary refusal (4xx), or no memory here */
	FAILURE_CLASSES
};

struct failure {
	enum failure_class class;
	char *text; /* owned; one line of printable ASCII */
};

#define FAILURE_INIT ((struct failure){0})

/* "none", "refused", ...; the words of report.json. */
const char *failure_class_name(enum failure_class class);

/* Sets class and sentence, replacing what was there.  Whatever came from the
 * network may be in it: control and non-ASCII bytes become '?', and the sentence
 * is cut at 300 bytes, for it ends on consoles.  Returns the class. */
enum failure_class failure_set(struct failure *failure, enum failure_class class,
			       const char *format, ...) _printf_(3, 4);
#ifdef __clang_analyzer__ /* sees one file at a time, and not that the class comes back */
#define failure_set(failure, class, ...) ((void)(failure_set)(failure, class, __VA_ARGS__), class)
#endif

/* Puts "context: " before the sentence.  Returns the class. */
enum failure_class failure_wrap(struct failure *failure, const char *format, ...) _printf_(2, 3);

/* The sentence, never NULL. */
const char *failure_text(const struct failure *failure);

/* Moves the failure into another place; what was there is freed. */
void failure_move(struct failure *to, struct failure *from);

void failure_clear(struct failure *failure);

#endif
