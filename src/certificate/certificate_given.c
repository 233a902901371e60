// SPDX-License-Identifier: GPL-3.0-or-later
/* The checks of a certificate that a person gives in the settings; see
 * certificate_check_pem in certificate.h.  Each check is a sentence that says
 * what is wrong and what to give instead. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "certificate/certificate.h"
#include "certificate/certificate_facts.h"
#include "certificate/certificate_pem.h"

#define RSA_BITS_MIN	   2048
#define RSA_BITS_MAX	   8192 /* more makes every handshake a burden */
#define SIGNATURE_STRENGTH 112	/* bits of security: SHA-1 has 80 or less */

struct given {
	struct key_chain chain, key;
	const char *hostname;
	int64_t now;
};

static void given_clear(struct given *given)
{
	key_chain_clear(&given->chain);
	key_chain_clear(&given->key);
}

/* "the server certificate" or "certificate N of the chain". */
static const char *place(int index, char text[40])
{
	if (index == 0)
		return "the server certificate (the first one)";
	snprintf(text, 40, "certificate %d of the chain", index + 1);
	return text;
}

static int check_text(const char *text, const char *what, struct key_chain *ret,
		      struct error *error)
{
	size_t size = strlen(text);

	if (size > CERTIFICATE_PEM_MAX)
		return error_set(error, EFBIG, "%s is larger than %d bytes", what,
				 CERTIFICATE_PEM_MAX);
	int result = key_chain_parse(text, size, ret, error);
	if (result < 0)
		error_wrap(error, "%s", what);
	return result;
}

static int check_parts(const struct given *given, struct error *error)
{
	if (given->chain.key)
		return error_set(error, EINVAL,
				 "a private key stands in the certificate; put it into tls: key");
	if (given->key.chain)
		return error_set(error, EINVAL,
				 "a certificate stands in the key; put it into tls: certificate");
	if (!given->chain.chain)
		return error_set(error, EINVAL,
				 "no certificate in PEM form; give the text from -----BEGIN "
				 "CERTIFICATE----- to -----END CERTIFICATE-----");
	if (!given->key.key)
		return error_set(
		    error, EINVAL,
		    "no private key in PEM form; give the text from -----BEGIN PRIVATE "
		    "KEY----- to -----END PRIVATE KEY-----");
	return 0;
}

static int check_pair(const struct given *given, struct error *error)
{
	const STACK_OF(X509) *chain = given->chain.chain;

	if (X509_check_private_key(sk_X509_value(chain, 0), given->key.key) == 1)
		return 0;
	for (int i = 1; i < sk_X509_num(chain); i++) {
		if (X509_check_private_key(sk_X509_value(chain, i), given->key.key) == 1)
			return error_set(error, EINVAL,
					 "the key belongs to certificate %d of the chain; put the "
					 "server's certificate first",
					 i + 1);
	}
	return error_set(error, EINVAL,
			 "the key does not belong to the certificate; give the key that the "
			 "certificate was requested with");
}

static int check_key(const struct given *given, struct error *error)
{
	const EVP_PKEY *key = given->key.key;
	char curve[32] = "";
	int bits = EVP_PKEY_get_bits(key);

	if (EVP_PKEY_is_a(key, "RSA")) {
		if (bits >= RSA_BITS_MIN && bits <= RSA_BITS_MAX)
			return 0;
		return error_set(error, EINVAL,
				 "the RSA key has %d bits; give one of %d to %d bits", bits,
				 RSA_BITS_MIN, RSA_BITS_MAX);
	}
	if (EVP_PKEY_is_a(key, "EC") &&
	    EVP_PKEY_get_group_name(key, curve, sizeof(curve), NULL) == 1 &&
	    (strcmp(curve, "prime256v1") == 0 || strcmp(curve, "secp384r1") == 0))
		return 0;
	return error_set(error, EINVAL,
			 "a key of type %s %s, which mail clients do not know; give RSA or ECDSA "
			 "P-256 or P-384",
			 EVP_PKEY_get0_type_name(key), curve);
}

static int check_name(const struct given *given, struct error *error)
{
	X509 *leaf = sk_X509_value(given->chain.chain, 0);

	if (X509_check_host(leaf, given->hostname, 0,
			    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS |
				X509_CHECK_FLAG_NEVER_CHECK_SUBJECT,
			    NULL) == 1)
		return 0;
	return error_set(error, EINVAL,
			 "the certificate is not for %s (its subject alternative names decide, the "
			 "common name does not count); give one that names it",
			 given->hostname);
}

static int check_purpose(const struct given *given, struct error *error)
{
	X509 *leaf = sk_X509_value(given->chain.chain, 0);

	if ((X509_get_extension_flags(leaf) & EXFLAG_XKUSAGE) &&
	    !(X509_get_extended_key_usage(leaf) & (XKU_SSL_SERVER | XKU_ANYEKU)))
		return error_set(error, EINVAL,
				 "the certificate is not made for servers (extended key usage); "
				 "give one for TLS web server authentication");
	if ((X509_get_extension_flags(leaf) & EXFLAG_KUSAGE) &&
	    !(X509_get_key_usage(leaf) & KU_DIGITAL_SIGNATURE))
		return error_set(error, EINVAL,
				 "the certificate's key may not sign (key usage); give one with "
				 "digital signature");
	return 0;
}

static int check_time(const struct given *given, int index, struct error *error)
{
	const X509 *certificate = sk_X509_value(given->chain.chain, index);
	int64_t begin = certificate_not_before(certificate);
	int64_t end = certificate_not_after(certificate);
	char where[40], when[TIME_TEXT];

	if (begin > given->now) {
		certificate_format_time(begin, when);
		return error_set(error, EINVAL,
				 "%s is valid only from %s; check the clock or give another one",
				 place(index, where), when);
	}
	if (end <= given->now) {
		certificate_format_time(end, when);
		return error_set(error, EINVAL, "%s ended on %s; give a renewed one",
				 place(index, where), when);
	}
	return 0;
}

/* Self-signed certificates are trusted by their key, not by their signature. */
static int check_signature(const struct given *given, int index, struct error *error)
{
	X509 *certificate = sk_X509_value(given->chain.chain, index);
	char where[40];
	int strength = 0;

	if (X509_check_issued(certificate, certificate) == X509_V_OK)
		return 0;
	if (X509_get_signature_info(certificate, NULL, NULL, &strength, NULL) == 1 &&
	    strength >= SIGNATURE_STRENGTH)
		return 0;
	return error_set(error, EINVAL,
			 "%s is signed with an algorithm that clients refuse; give one signed with "
			 "SHA-256 or better",
			 place(index, where));
}

/* Did certificate `index` + 1 sign certificate `index`? */
static int check_link(const struct given *given, int index, struct error *error)
{
	X509 *certificate = sk_X509_value(given->chain.chain, index);
	X509 *issuer = sk_X509_value(given->chain.chain, index + 1);

	if (X509_check_issued(issuer, certificate) == X509_V_OK &&
	    X509_verify(certificate, X509_get0_pubkey(issuer)) == 1)
		return 0;
	return error_set(
	    error, EINVAL,
	    "certificate %d of the chain did not sign certificate %d; give the server's "
	    "certificate first and after each one its issuer",
	    index + 2, index + 1);
}

static int check_chain(const struct given *given, struct error *error)
{
	int count = sk_X509_num(given->chain.chain), result = 0;

	for (int i = 0; result == 0 && i < count; i++) {
		if (i + 1 < count)
			result = check_link(given, i, error);
		if (result == 0)
			result = check_signature(given, i, error);
		if (result == 0)
			result = check_time(given, i, error);
	}
	return result;
}

int certificate_check_pem(const char *certificate_pem, const char *key_pem, const char *hostname,
			  int64_t now, struct error *error)
{
	static int (*const CHECKS[])(const struct given *given, struct error *error) = {
	    check_parts, check_pair, check_key, check_name, check_purpose, check_chain,
	};
	_cleanup_(given_clear) struct given given = {.hostname = hostname, .now = now};
	int result;

	result = check_text(certificate_pem, "the certificate", &given.chain, error);
	if (result == 0)
		result = check_text(key_pem, "the key", &given.key, error);
	for (size_t i = 0; result == 0 && i < ARRAY_SIZE(CHECKS); i++)
		result = CHECKS[i](&given, error);
	ERR_clear_error();
	return result;
}
