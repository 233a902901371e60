// SPDX-License-Identifier: GPL-3.0-or-later
/* SHA-256 over pieces, as hexadecimal text. */
#ifndef POSTCASK_DIGEST_H
#define POSTCASK_DIGEST_H

#include <openssl/evp.h>

#include "base/error.h"

enum { DIGEST_TEXT_SIZE = 65 };

/* NULL when out of memory; freed by digest_finish. */
EVP_MD_CTX *digest_begin(void);
void digest_add(EVP_MD_CTX *digest, const void *bytes, size_t size);
/* Writes 64 hexadecimal digits and a NUL. */
void digest_finish(EVP_MD_CTX *digest, char ret_text[DIGEST_TEXT_SIZE]);

#endif
