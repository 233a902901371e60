// SPDX-License-Identifier: GPL-3.0-or-later
#include "certificate/certificate_extension.h"

#include <errno.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

int certificate_crypto_error(struct error *error, const char *what)
{
	char reason[256] = "out of memory";
	unsigned long code = ERR_peek_last_error();

	if (code)
		ERR_error_string_n(code, reason, sizeof(reason));
	ERR_clear_error();
	return error_set(error, EIO, "%s: %s", what, reason);
}

bool certificate_put_extension(X509 *certificate, X509 *issuer, int nid, const char *value)
{
	X509_EXTENSION *extension;
	X509V3_CTX context;
	bool good;

	X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
	good = extension && X509_add_ext(certificate, extension, -1);
	X509_EXTENSION_free(extension);
	return good;
}
