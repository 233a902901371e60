// SPDX-License-Identifier: GPL-3.0-or-later
/* What everybody may know of the certificates: public.json in the keys folder (0644), for the
 * records of the DNS and for what is served on the web.
 *
 *	{"public": true,			whether browsers and other servers trust them
 *	 "tlsa": {"current": ["9f86...", ...],	SHA-256 of the keys' SubjectPublicKeyInfo,
 *		  "next": ["60303a...", ...]},	those in use and those to come
 *	 "caa": ["letsencrypt.org"],		how the authority names itself in CAA records
 *	 "account": "https://...",		the account there, or null
 *	 "method": "http-01",			how it proves names, or null
 *	 "names": ["mail.example.org", ...]}	in all certificates that are served
 *
 * And chain.pem (0644): the certificates of both server files, which the self-tests trust. */
#ifndef POSTCASK_CERTIFICATE_PUBLIC_H
#define POSTCASK_CERTIFICATE_PUBLIC_H

#include "certificate/certificate.h"

#define CERTIFICATE_PUBLIC	"public.json"
#define CERTIFICATE_CHAIN	"chain.pem"
#define CERTIFICATE_PUBLIC_FILE CERTIFICATE_FOLDER "/" CERTIFICATE_PUBLIC
#define CERTIFICATE_ACME_STATE	"acme.json" /* what src/acme keeps of the authority */

/* Writes both for what the folder holds.  `trusted`: what it holds is given or an ACME
 * authority's. */
_must_check_ int certificate_publish(const struct certificate_request *request, bool trusted,
				     struct error *error);

/* Is this key one that was made here, though another authority signed it? */
bool certificate_public_has_own_key(const char *folder, const EVP_PKEY *key);

#endif
