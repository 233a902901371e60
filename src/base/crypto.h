// SPDX-License-Identifier: GPL-3.0-or-later
/* What several parts need of OpenSSL in the same way. */
#ifndef POSTCASK_CRYPTO_H
#define POSTCASK_CRYPTO_H

#include <stddef.h>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/error.h"

/* Sets `error` to "what: OpenSSL's reason" and empties OpenSSL's queue.  Returns
 * -EIO. */
int crypto_error(struct error *error, const char *what);

/* Random bytes, as good as the kernel's. */
_must_check_ int crypto_random(void *bytes, size_t size, struct error *error);

/* Owned by the caller, who wipes it when the bytes were secret.  NULL when out of memory. */
char *crypto_base64(const void *bytes, size_t size);

/* For _cleanup_. */
static inline void cleanup_bio(BIO **bio)
{
	BIO_free(*bio);
}

static inline void cleanup_pkey(EVP_PKEY **key)
{
	EVP_PKEY_free(*key);
}

static inline void cleanup_x509(X509 **certificate)
{
	X509_free(*certificate);
}

#endif
