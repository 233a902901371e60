// SPDX-License-Identifier: GPL-3.0-or-later
#include "certificate/authority.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>

#include "base/crypto.h"
#include "base/file.h"
#include "certificate/certificate_extension.h"
#include "certificate/certificate_facts.h"
#include "certificate/certificate_issue.h"
#include "certificate/certificate_pem.h"

/* P-256: what every client of today can verify, and as strong as the server
 * keys it signs.  A client without ECDSA can still be served by the RSA
 * certificate as long as it does not verify (mail servers among each other do
 * not); one that verifies imports this authority and so knows ECDSA. */
#define AUTHORITY_CURVE "P-256"

/* Ten years, from a fixed day that lies before any machine was made: a clock
 * that was wrong at the first boot cannot make the authority not yet valid. */
#define AUTHORITY_BEGIN	 INT64_C(1735689600) /* 2025-01-01 */
#define AUTHORITY_LIFE	 (INT64_C(10) * 365 * 86400)
#define AUTHORITY_MARGIN (INT64_C(2) * 365 * 86400) /* made again with less left */
#define SERIAL_BITS	 128
#define NAME_BYTES	 8 /* of the key's SHA-256 */

static bool certificate_set_serial(X509 *certificate)
{
	BIGNUM *number = BN_new();
	bool good = number && BN_rand(number, SERIAL_BITS, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) &&
		    BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate));

	BN_free(number);
	return good;
}

/* The name of the authority with this key: "postcask CA 0123456789abcdef". */
static bool authority_put_name(X509_NAME *name, const X509 *certificate)
{
	unsigned char digest[SHA256_DIGEST_LENGTH];
	char text[64] = "postcask CA ";
	unsigned int size;

	if (!X509_pubkey_digest(certificate, EVP_sha256(), digest, &size))
		return false;
	for (size_t i = 0; i < NAME_BYTES; i++)
		sprintf(text + strlen(text), "%02x", digest[i]);
	return X509_NAME_add_entry_by_txt(name, "O", MBSTRING_UTF8,
					  (const unsigned char *)"postcask", -1, -1, 0) &&
	       X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)text,
					  -1, -1, 0);
}

static X509 *authority_make_certificate(EVP_PKEY *key, const struct authority_names *names,
					int64_t now)
{
	int64_t begin = now > AUTHORITY_BEGIN ? now : AUTHORITY_BEGIN;
	X509 *certificate = X509_new();
	X509_NAME *own = certificate ? X509_get_subject_name(certificate) : NULL;

	if (certificate && X509_set_version(certificate, X509_VERSION_3) &&
	    certificate_set_serial(certificate) && X509_set_pubkey(certificate, key) &&
	    authority_put_name(own, certificate) && X509_set_issuer_name(certificate, own) &&
	    ASN1_TIME_set(X509_getm_notBefore(certificate), AUTHORITY_BEGIN) &&
	    ASN1_TIME_set(X509_getm_notAfter(certificate), begin + AUTHORITY_LIFE) &&
	    certificate_put_extension(certificate, certificate, NID_basic_constraints,
				      "critical,CA:TRUE,pathlen:0") &&
	    certificate_put_extension(certificate, certificate, NID_key_usage,
				      "critical,keyCertSign,cRLSign") &&
	    authority_names_put(certificate, names) &&
	    certificate_put_extension(certificate, certificate, NID_subject_key_identifier,
				      "hash") &&
	    X509_sign(certificate, key, EVP_sha256()))
		return certificate;
	X509_free(certificate);
	return NULL;
}

int authority_sign(const struct authority *authority, X509 *certificate, struct error *error)
{
	const X509_NAME *issuer = X509_get_subject_name(authority->certificate);

	if (certificate_set_serial(certificate) && X509_set_issuer_name(certificate, issuer) &&
	    certificate_put_extension(certificate, authority->certificate,
				      NID_authority_key_identifier, "keyid:always") &&
	    X509_sign(certificate, authority->key, EVP_sha256()))
		return 0;
	return crypto_error(error, "cannot sign a certificate");
}

bool authority_issued(const struct authority *authority, X509 *certificate)
{
	bool good = X509_check_issued(authority->certificate, certificate) == X509_V_OK &&
		    X509_verify(certificate, authority->key) == 1;

	ERR_clear_error();
	return good;
}

/* Moves a file that is of no use any more to a name beside it. */
static int move_aside(const char *path, const char *suffix, struct error *error)
{
	char *aside;
	int result = 0;

	if (asprintf(&aside, "%s.%s", path, suffix) < 0)
		return error_set(error, ENOMEM, "out of memory");
	if (rename(path, aside) < 0 && errno != ENOENT)
		result = error_errno(error, errno, "%s: cannot be moved aside", path);
	free(aside);
	return result;
}

/* Is what key_chain_read said a fault of the file's contents? */
static bool is_damage(int result)
{
	return result == -EBADMSG || result == -EFBIG;
}

static int authority_make_key(const char *key_path, const char *pem_path, bool replaces,
			      EVP_PKEY **ret, struct error *error)
{
	_cleanup_(cleanup_pkey) EVP_PKEY *key = NULL;
	int result;

	if (replaces) {
		result = move_aside(key_path, "damaged", error);
		if (result == 0)
			result = move_aside(pem_path, "replaced", error);
		if (result < 0)
			return result;
	}
	key = EVP_EC_gen(AUTHORITY_CURVE);
	if (!key)
		return crypto_error(error, "cannot make the authority's key");
	result = key_chain_write(key_path, 0600, key, NULL, error);
	if (result == 0)
		*ret = TAKE_POINTER(key);
	return result;
}

static int authority_ensure_key(const char *key_path, const char *pem_path, EVP_PKEY **ret,
				enum authority_change *change, struct error *error)
{
	_cleanup_(key_chain_clear) struct key_chain file = KEY_CHAIN_INIT;
	int result = key_chain_read(key_path, &file, error);
	bool replaces;

	if (result == 0 && file.key && certificate_key_is(file.key, CERTIFICATE_ECDSA)) {
		*ret = TAKE_POINTER(file.key);
		return 0;
	}
	if (result < 0 && result != -ENOENT && !is_damage(result))
		return result;
	replaces = result != -ENOENT || file_exists(pem_path);
	*change = replaces ? AUTHORITY_REPLACED : AUTHORITY_MADE;
	return authority_make_key(key_path, pem_path, replaces, ret, error);
}

/* Is this the authority's certificate, and for long enough? */
static bool authority_is_good(X509 *certificate, EVP_PKEY *key, int64_t now)
{
	X509_NAME *name = X509_NAME_new();
	bool good = name && X509_check_private_key(certificate, key) == 1 &&
		    X509_check_ca(certificate) == 1 && X509_verify(certificate, key) == 1 &&
		    authority_put_name(name, certificate) &&
		    X509_NAME_cmp(name, X509_get_subject_name(certificate)) == 0 &&
		    certificate_not_before(certificate) <= now &&
		    certificate_not_after(certificate) - now >= AUTHORITY_MARGIN &&
		    authority_is_constrained(certificate);

	X509_NAME_free(name);
	ERR_clear_error();
	return good;
}

static int authority_write_certificate(const char *path, EVP_PKEY *key,
				       const struct authority_names *names, int64_t now, X509 **ret,
				       struct error *error)
{
	_cleanup_(key_chain_clear) struct key_chain file = {.chain = sk_X509_new_null()};
	X509 *certificate = authority_make_certificate(key, names, now);
	int result;

	if (!file.chain || !certificate || sk_X509_push(file.chain, certificate) <= 0) {
		X509_free(certificate);
		return crypto_error(error, "cannot make the authority's certificate");
	}
	result = key_chain_write(path, 0644, NULL, file.chain, error);
	if (result == 0)
		*ret = sk_X509_shift(file.chain);
	return result;
}

static int authority_ensure_certificate(const char *path, EVP_PKEY *key,
					const struct authority_names *names, int64_t now,
					X509 **ret, enum authority_change *change,
					struct error *error)
{
	_cleanup_(key_chain_clear) struct key_chain file = KEY_CHAIN_INIT;
	int result = key_chain_read(path, &file, error);
	X509 *found =
	    result == 0 && sk_X509_num(file.chain) == 1 ? sk_X509_value(file.chain, 0) : NULL;
	bool good = found && authority_is_good(found, key, now);

	if (good && authority_permits(found, names)) {
		*ret = sk_X509_shift(file.chain);
		return 0;
	}
	if (result < 0 && result != -ENOENT && !is_damage(result))
		return result;
	if (*change == AUTHORITY_KEPT)
		*change = good ? AUTHORITY_WIDENED : AUTHORITY_RENEWED;
	return authority_write_certificate(path, key, names, now, ret, error);
}

int authority_ensure(const char *folder, const struct authority_names *names, int64_t now,
		     struct authority *ret, enum authority_change *ret_change, struct error *error)
{
	_cleanup_free_ char *key_path = file_join(folder, "ca.key");
	_cleanup_free_ char *pem_path = file_join(folder, "ca.pem");
	_cleanup_(authority_clear) struct authority authority = AUTHORITY_INIT;
	enum authority_change change = AUTHORITY_KEPT;
	int result;

	if (!key_path || !pem_path)
		return error_set(error, ENOMEM, "out of memory");
	result = authority_ensure_key(key_path, pem_path, &authority.key, &change, error);
	if (result == 0)
		result = authority_ensure_certificate(pem_path, authority.key, names, now,
						      &authority.certificate, &change, error);
	if (result < 0) {
		error_wrap(error, "the certificate authority");
		return result;
	}
	if (error)
		error_clear(error); /* what was missing or damaged is mended */
	*ret = authority;
	authority = AUTHORITY_INIT;
	*ret_change = change;
	return 0;
}

void authority_clear(struct authority *authority)
{
	EVP_PKEY_free(authority->key);
	X509_free(authority->certificate);
	*authority = AUTHORITY_INIT;
}
