// SPDX-License-Identifier: GPL-3.0-or-later
/* gzip (RFC 1952) in memory, with a limit. */
#ifndef POSTCASK_GUNZIP_H
#define POSTCASK_GUNZIP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"

bool gunzip_is_packed(const char *bytes, size_t size);

/* *ret_text is owned by the caller and NUL-terminated.  -EINVAL: damaged or cut
 * short; -EFBIG: more than `limit` bytes; -ENOMEM.  Several members one after
 * the other are one text; zeros after them are padding. */
_must_check_ int gunzip(const char *bytes, size_t size, size_t limit, char **ret_text,
			size_t *ret_size);

#endif
