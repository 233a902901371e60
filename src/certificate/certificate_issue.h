// SPDX-License-Identifier: GPL-3.0-or-later
/* Makes server keys and server certificates. */
#ifndef POSTCASK_CERTIFICATE_ISSUE_H
#define POSTCASK_CERTIFICATE_ISSUE_H

#include <stddef.h>
#include <stdint.h>

#include "certificate/certificate.h"

/* 397 days is what browsers and Apple's clients accept of public authorities;
 * one day of it lies in the past, for clients whose clock is behind. */
#define CERTIFICATE_LIFE     (INT64_C(397) * 86400)
#define CERTIFICATE_BACKDATE INT64_C(86400)

/* A new private key of that kind.  RSA takes seconds on a slow machine. */
_must_check_ int certificate_make_key(enum certificate_kind kind, EVP_PKEY **ret,
				      struct error *error);

/* A certificate of `authority` for TLS servers of these names (RFC 5280, RFC
 * 6125: the names are subject alternative names; the common name is decoration).
 * It ends no later than the authority does. */
_must_check_ int certificate_issue(const struct authority *authority, EVP_PKEY *key,
				   const char *const *names, size_t name_count, int64_t now,
				   X509 **ret, struct error *error);

#endif
