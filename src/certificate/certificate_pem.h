// SPDX-License-Identifier: GPL-3.0-or-later
/* PEM (RFC 7468) with a private key and a certificate chain: read strictly from
 * memory, written in one normal form.  No passphrase is ever asked for; every
 * buffer that held a key is wiped. */
#ifndef POSTCASK_CERTIFICATE_PEM_H
#define POSTCASK_CERTIFICATE_PEM_H

#include <stddef.h>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/crypto.h"
#include "base/error.h"

#define CERTIFICATE_CHAIN_MAX 10

struct key_chain {
	EVP_PKEY *key;		/* owned; NULL when there is none */
	STACK_OF(X509) * chain; /* owned, leaf first; NULL when there is none */
};

#define KEY_CHAIN_INIT ((struct key_chain){0})

/* Reads at most one private key and at most CERTIFICATE_CHAIN_MAX certificates,
 * whatever their order; EC parameters are skipped, anything else is refused, and
 * so is a block that is cut short.  On failure `ret` holds what was good before
 * the fault (a key without its certificates, say): clear it in any case. */
_must_check_ int key_chain_parse(const char *text, size_t size, struct key_chain *ret,
				 struct error *error);

/* Reads a file of at most CERTIFICATE_PEM_MAX * 2 bytes; as key_chain_parse. */
_must_check_ int key_chain_read(const char *path, struct key_chain *ret, struct error *error);

/* The key (PKCS#8), then the chain, each certificate once; either may be NULL.
 * The BIO is the caller's: BIO_free wipes it.  NULL when out of memory. */
BIO *key_chain_format(const EVP_PKEY *key, const STACK_OF(X509) * chain);

/* Replaces `path` by what key_chain_format makes. */
_must_check_ int key_chain_write(const char *path, mode_t mode, const EVP_PKEY *key,
				 const STACK_OF(X509) * chain, struct error *error);

void key_chain_clear(struct key_chain *pair); /* for _cleanup_(key_chain_clear) */

#endif
