// SPDX-License-Identifier: GPL-3.0-or-later
#include "certificate/certificate_issue.h"

#include <errno.h>
#include <string.h>

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "base/crypto.h"
#include "certificate/certificate_extension.h"
#include "certificate/certificate_facts.h"
#include "certificate/certificate_pem.h"

#define RSA_BITS	3072
#define COMMON_NAME_MAX 64 /* RFC 5280, ub-common-name */

int certificate_make_key(enum certificate_kind kind, EVP_PKEY **ret, struct error *error)
{
	EVP_PKEY *key = kind == CERTIFICATE_RSA ? EVP_RSA_gen(RSA_BITS) : EVP_EC_gen("P-256");

	if (!key)
		return crypto_error(error, "cannot make a private key");
	*ret = key;
	return 0;
}

static bool names_add(GENERAL_NAMES *names, const char *text)
{
	GENERAL_NAME *name = GENERAL_NAME_new();
	ASN1_IA5STRING *value = ASN1_IA5STRING_new();

	if (!name || !value || !ASN1_STRING_set(value, text, -1)) {
		GENERAL_NAME_free(name);
		ASN1_IA5STRING_free(value);
		return false;
	}
	GENERAL_NAME_set0_value(name, GEN_DNS, value);
	if (sk_GENERAL_NAME_push(names, name) > 0)
		return true;
	GENERAL_NAME_free(name);
	return false;
}

/* The subject is the hostname where it fits; else it is empty, and then the
 * names must be critical (RFC 5280 §4.1.2.6). */
static bool put_names(X509 *certificate, const char *const *names, size_t count)
{
	GENERAL_NAMES *list = sk_GENERAL_NAME_new_null();
	bool fits = strlen(names[0]) <= COMMON_NAME_MAX, good = list;

	for (size_t i = 0; good && i < count; i++)
		good = names_add(list, names[i]);
	good = good && X509_add1_ext_i2d(certificate, NID_subject_alt_name, list, !fits,
					 X509V3_ADD_DEFAULT) == 1;
	if (good && fits)
		good = X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN",
						  MBSTRING_UTF8, (const unsigned char *)names[0],
						  -1, -1, 0);
	GENERAL_NAMES_free(list);
	return good;
}

static bool put_dates(X509 *certificate, const X509 *authority, int64_t now)
{
	int64_t begin = now - CERTIFICATE_BACKDATE, end = begin + CERTIFICATE_LIFE;

	if (end > certificate_not_after(authority))
		end = certificate_not_after(authority);
	return ASN1_TIME_set(X509_getm_notBefore(certificate), begin) &&
	       ASN1_TIME_set(X509_getm_notAfter(certificate), end);
}

int certificate_issue(const struct authority *authority, EVP_PKEY *key, const char *const *names,
		      size_t name_count, int64_t now, X509 **ret, struct error *error)
{
	/* RSA key exchange is not offered, but old clients look for its bit */
	const char *usage = EVP_PKEY_is_a(key, "RSA") ? "critical,digitalSignature,keyEncipherment"
						      : "critical,digitalSignature";
	_cleanup_(cleanup_x509) X509 *certificate = X509_new();
	int result;

	if (!certificate || !X509_set_version(certificate, X509_VERSION_3) ||
	    !X509_set_pubkey(certificate, key) || !put_names(certificate, names, name_count) ||
	    !put_dates(certificate, authority->certificate, now) ||
	    !certificate_put_extension(certificate, NULL, NID_basic_constraints,
				       "critical,CA:FALSE") ||
	    !certificate_put_extension(certificate, NULL, NID_key_usage, usage) ||
	    !certificate_put_extension(certificate, NULL, NID_ext_key_usage, "serverAuth") ||
	    !certificate_put_extension(certificate, NULL, NID_subject_key_identifier, "hash"))
		return crypto_error(error, "cannot make a certificate");
	result = authority_sign(authority, certificate, error);
	if (result == 0)
		*ret = TAKE_POINTER(certificate);
	return result;
}
