// SPDX-License-Identifier: GPL-3.0-or-later
/* What a certificate says, in C types: times, names, key, fingerprint. */
#ifndef POSTCASK_CERTIFICATE_FACTS_H
#define POSTCASK_CERTIFICATE_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>
#include <openssl/x509.h>

#include "certificate/certificate.h"

#define FINGERPRINT_TEXT 65 /* SHA-256 in hexadecimal, with its NUL */
#define TIME_TEXT	 24 /* "2026-11-22 10:00:00 UTC" with its NUL */

/* Seconds since 1970; 0 when the certificate's time cannot be read. */
int64_t certificate_not_before(const X509 *certificate);
int64_t certificate_not_after(const X509 *certificate);

/* "2026-11-22 10:00:00 UTC" */
void certificate_format_time(int64_t seconds, char text[TIME_TEXT]);

/* Are the certificate's DNS names exactly these, in any order? */
bool certificate_has_names(const X509 *certificate, const char *const *names, size_t count);

/* Is this the key of a server file of that kind (P-256, RSA of 3072 bits)? */
bool certificate_key_is(const EVP_PKEY *key, enum certificate_kind kind);

/* SHA-256 of the certificate; false when out of memory. */
bool certificate_fingerprint(const X509 *certificate, char text[FINGERPRINT_TEXT]);

/* {"names": [...], "issuer", "subject", "serial", "key", "not_before", "not_after" (seconds),
 *  "days_left", "sha256"}; NULL when out of memory. */
json_t *certificate_facts(const X509 *certificate, int64_t now);

#endif
