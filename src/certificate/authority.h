// SPDX-License-Identifier: GPL-3.0-or-later
/* The machine's own certificate authority: one key pair per machine, made once,
 * that signs the server certificates (certificate/certificate.h) and nothing else.
 *
 * Files in the keys folder:
 *	ca.key	0600	the private key, PKCS#8 PEM
 *	ca.pem	0644	the certificate that people import into their clients
 *
 * The authority is its key.  Its name and key identifier are derived from the
 * key, so a lost, damaged or expiring ca.pem is made again from ca.key and
 * clients that trust the old ca.pem go on trusting what it signed.  A lost or
 * damaged ca.key cannot be made again: both files are then moved aside
 * (ca.key.damaged, ca.pem.replaced) and a new authority is made, which the
 * caller must report, for every client has to import the new one.
 *
 * Its certificate permits the names of the settings and what is below them
 * (certificate/authority_names.h).  When certificates are needed for a name outside, it is
 * made again for the names of then: clients with the one of before refuse the new
 * certificates, which the caller must report as well.  One of before there were
 * constraints is made again with them, and clients that trust it go on. */
#ifndef POSTCASK_AUTHORITY_H
#define POSTCASK_AUTHORITY_H

#include <stdbool.h>
#include <stdint.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/error.h"
#include "certificate/authority_names.h"

enum authority_change {
	AUTHORITY_KEPT,	    /* both files were there and good */
	AUTHORITY_MADE,	    /* first boot: both files are new */
	AUTHORITY_RENEWED,  /* ca.pem was made again from the same key */
	AUTHORITY_WIDENED,  /* the same, because it did not permit all names */
	AUTHORITY_REPLACED, /* the key was lost: a new authority, loudly */
};

struct authority {
	EVP_PKEY *key;	   /* owned */
	X509 *certificate; /* owned */
};

#define AUTHORITY_INIT ((struct authority){0})

/* Loads the authority of `folder` (which must exist), making what is missing, so that
 * it may sign for `names`.
 * `now` is in seconds since 1970.  `ret` is untouched on failure; give it back
 * with authority_clear. */
_must_check_ int authority_ensure(const char *folder, const struct authority_names *names,
				  int64_t now, struct authority *ret,
				  enum authority_change *ret_change, struct error *error);

/* Signs `certificate`, whose names, dates, key and extensions are complete, and
 * sets its issuer, authority key identifier and a random 128-bit serial. */
_must_check_ int authority_sign(const struct authority *authority, X509 *certificate,
				struct error *error);

/* Was `certificate` signed by this authority? */
bool authority_issued(const struct authority *authority, X509 *certificate);

void authority_clear(struct authority *authority); /* for _cleanup_(authority_clear) */

#endif
