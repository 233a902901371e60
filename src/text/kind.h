// SPDX-License-Identifier: GPL-3.0-or-later
/* The kinds of documents that are read, and by which program. */
#ifndef POSTCASK_TEXT_KIND_H
#define POSTCASK_TEXT_KIND_H

#include <stddef.h>

#include "base/buffer.h"
#include "base/cleanup.h"

/* Each program reads the document from standard input, which is a file, or by this name, and
 * writes its words to standard output. */
#define KIND_INPUT   "/proc/self/fd/0"
#define KIND_PROGRAM "/usr/lib/postcask/postcask-text"

struct kind {
	const char *name;	 /* as the limits of its programs are told of it */
	const char *const *argv; /* NULL-terminated */
};

/* The types and their file names' endings, a line each, and an empty line: what Dovecot asks for.
 */
void kind_list(struct buffer *answer);

/* How a document is read that is said to be of `type`.  Its first bytes say more than its type:
 * many an RTF is called .doc.  NULL when it is none of these. */
_must_check_ const struct kind *kind_of(const char *type, const char *bytes, size_t size);

#endif
