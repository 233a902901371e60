// SPDX-License-Identifier: GPL-3.0-or-later
/* The keys of tomorrow, in the keys folder: next-ecdsa.key and next-rsa.key (0600).  They are
 * made long before they are used, so that the DNS can show their TLSA records first; a key of
 * port 25 that the zone does not have is mail that does not come (RFC 7672). */
#ifndef POSTCASK_CERTIFICATE_NEXT_H
#define POSTCASK_CERTIFICATE_NEXT_H

#include "certificate/certificate.h"

#define KEY_HASH_TEXT 65

/* SHA-256 of the key's SubjectPublicKeyInfo in hexadecimal: what "3 1 1" in a TLSA record is
 * of.  False when out of memory. */
bool certificate_key_hash(const EVP_PKEY *key, char text[KEY_HASH_TEXT]);

/* The next key, *ret NULL when there is none: missing, damaged, or in use already. */
_must_check_ int certificate_next_read(const char *folder, enum certificate_kind kind,
				       EVP_PKEY **ret, struct error *error);

/* Makes it where there is none. */
_must_check_ int certificate_next_ensure(const char *folder, enum certificate_kind kind,
					 struct error *error);

/* The next key, or a new one where there is none, for a certificate that is made now. */
_must_check_ int certificate_next_take(const char *folder, enum certificate_kind kind,
				       EVP_PKEY **ret, struct error *error);

/* Forgets it when it is `key`, which is in use now. */
_must_check_ int certificate_next_drop(const char *folder, enum certificate_kind kind,
				       const EVP_PKEY *key, struct error *error);

#endif
