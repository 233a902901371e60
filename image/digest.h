// SPDX-License-Identifier: GPL-3.0-or-later
/* SHA-256 of files, and of the things that a cached result was made from. */
#ifndef POSTCASK_IMAGE_DIGEST_H
#define POSTCASK_IMAGE_DIGEST_H

#include <stddef.h>

#include "base/error.h"

enum { DIGEST_HEX_SIZE = 65, KEY_HEX_SIZE = 17 };

/* The file's SHA-256 as 64 hexadecimal digits. */
_must_check_ int digest_file(const char *path, char hex[DIGEST_HEX_SIZE], struct error *error);

/* A cache key: equal when all named parts are equal, in their order. */
struct cache_key {
	void *context; /* EVP_MD_CTX */
};

void cache_key_start(struct cache_key *key);
void cache_key_add(struct cache_key *key, const char *name, const char *text);
void cache_key_add_bytes(struct cache_key *key, const char *name, const void *bytes, size_t size);

/* Ends the key; 16 hexadecimal digits.  -ENOMEM when something had failed. */
_must_check_ int cache_key_finish(struct cache_key *key, char hex[KEY_HEX_SIZE]);

#endif
