// SPDX-License-Identifier: GPL-3.0-or-later
/* What is in secrets.db and not for all who can read that: Dovecot's account looks up hashes there,
 * and of a second factor there is no hash.  It is encrypted (AES-256-GCM) with a key in a file of
 * this account's own, and bound to the address that it belongs to. */
#ifndef POSTCASK_DIRECTORY_SEAL_H
#define POSTCASK_DIRECTORY_SEAL_H

#include <stddef.h>

#include "base/error.h"

enum { SEAL_MOST = 64 /* bytes that are sealed at once */ };

/* *ret is the caller's.  The key is made where there is none: 0600. */
_must_check_ int seal(const char *key_path, const char *address, const void *bytes, size_t size,
		      char **ret, struct error *error);

/* Exactly `size` bytes; the caller wipes them.  -EBADMSG where that key did not seal them for that
 * address, -ENOENT where the key is gone. */
_must_check_ int seal_open(const char *key_path, const char *address, const char *sealed, void *ret,
			   size_t size, struct error *error);

#endif
