// SPDX-License-Identifier: GPL-3.0-or-later
/* What OpenSSL needs to be told when a certificate is made. */
#ifndef POSTCASK_CERTIFICATE_EXTENSION_H
#define POSTCASK_CERTIFICATE_EXTENSION_H

#include <stdbool.h>

#include <openssl/x509.h>

#include "base/error.h"

/* Adds the extension that OpenSSL's x509v3_config(5) writes as `value`.  `issuer`
 * is needed for key identifiers of the authority only. */
bool certificate_put_extension(X509 *certificate, X509 *issuer, int nid, const char *value);

#endif
