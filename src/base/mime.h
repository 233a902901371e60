// SPDX-License-Identifier: GPL-3.0-or-later
/* MIME multi-part messages (RFC 2045, 2046), as far as cloud-init's user-data and the reports of
 * other servers use them: multipart/... with parts in 7bit, 8bit, binary, base64 or
 * quoted-printable.  Lenient where Python's email package is. */
#ifndef POSTCASK_BASE_MIME_H
#define POSTCASK_BASE_MIME_H

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"

struct mime_part {
	const char *type; /* "text/cloud-config" as written; "text/plain" when none */
	const char *body; /* decoded, not NUL-terminated */
	size_t size;
	bool decoded;	    /* the body is not a piece of the file as it stands */
	bool merge_type;    /* has a Merge-Type header */
	unsigned line;	    /* where the part begins in the file */
	unsigned body_line; /* where its body begins */
};

/* Returns 0, or a negative errno that ends the walk. */
typedef int (*mime_visit)(const struct mime_part *part, void *context);

/* How a message is broken. */
struct mime_fault {
	unsigned line;	  /* of the text; 0: it is not */
	const char *what; /* a sentence, static */
};

/* Visits each part that is no container, in order.  -EINVAL when the message is
 * broken (`fault`, which may be NULL, says how), -ENOMEM, or what `visit` returned. */
_must_check_ int mime_walk(const char *text, size_t size, mime_visit visit, void *context,
			   struct mime_fault *fault);

#endif
