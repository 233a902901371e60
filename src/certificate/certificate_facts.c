// SPDX-License-Identifier: GPL-3.0-or-later
#include "certificate/certificate_facts.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include "certificate/certificate_pem.h"

#define DAY 86400

const char *certificate_file_name(enum certificate_kind kind)
{
	return kind == CERTIFICATE_RSA ? "server-rsa.pem" : "server-ecdsa.pem";
}

static int64_t time_seconds(const ASN1_TIME *time)
{
	struct tm parts;

	if (!time || ASN1_TIME_to_tm(time, &parts) != 1) {
		ERR_clear_error();
		return 0;
	}
	return timegm(&parts);
}

int64_t certificate_not_before(const X509 *certificate)
{
	return time_seconds(X509_get0_notBefore(certificate));
}

int64_t certificate_not_after(const X509 *certificate)
{
	return time_seconds(X509_get0_notAfter(certificate));
}

void certificate_format_time(int64_t seconds, char text[TIME_TEXT])
{
	time_t time = (time_t)seconds;
	struct tm parts;

	if (!gmtime_r(&time, &parts) || strftime(text, TIME_TEXT, "%F %T UTC", &parts) == 0)
		snprintf(text, TIME_TEXT, "an unknown time");
}

static bool name_is(const GENERAL_NAME *name, const char *text)
{
	const ASN1_IA5STRING *value = name->type == GEN_DNS ? name->d.dNSName : NULL;

	return value && (size_t)ASN1_STRING_length(value) == strlen(text) &&
	       strncasecmp((const char *)ASN1_STRING_get0_data(value), text, strlen(text)) == 0;
}

static bool names_have(const GENERAL_NAMES *names, const char *text)
{
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		if (name_is(sk_GENERAL_NAME_value(names, i), text))
			return true;
	}
	return false;
}

bool certificate_has_names(const X509 *certificate, const char *const *names, size_t count)
{
	GENERAL_NAMES *found = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
	bool equal = found && (size_t)sk_GENERAL_NAME_num(found) == count;

	for (size_t i = 0; equal && i < count; i++)
		equal = names_have(found, names[i]);
	GENERAL_NAMES_free(found);
	return equal;
}

bool certificate_key_is(const EVP_PKEY *key, enum certificate_kind kind)
{
	char curve[32] = "";

	if (kind == CERTIFICATE_RSA)
		return EVP_PKEY_is_a(key, "RSA") && EVP_PKEY_get_bits(key) == 3072;
	return EVP_PKEY_is_a(key, "EC") &&
	       EVP_PKEY_get_group_name(key, curve, sizeof(curve), NULL) == 1 &&
	       strcmp(curve, "prime256v1") == 0;
}

bool certificate_fingerprint(const X509 *certificate, char text[FINGERPRINT_TEXT])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int size = 0;

	if (X509_digest(certificate, EVP_sha256(), digest, &size) != 1 || size != 32)
		return false;
	for (unsigned int i = 0; i < size; i++)
		snprintf(text + (size_t)2 * i, 3, "%02x", digest[i]);
	return true;
}

/* A distinguished name as one line (RFC 2253). */
static json_t *name_to_json(const X509_NAME *name)
{
	_cleanup_(cleanup_bio) BIO *text = BIO_new(BIO_s_mem());
	char *bytes;
	long size;

	if (!text || X509_NAME_print_ex(text, name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) < 0)
		return NULL;
	size = BIO_get_mem_data(text, &bytes);
	return json_stringn(size > 0 ? bytes : "", (size_t)size); /* ACME's have no subject */
}

static json_t *names_to_json(const X509 *certificate)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
	json_t *list = json_array();

	for (int i = 0; names && i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		if (name->type == GEN_DNS)
			json_array_append_new(
			    list, json_stringn((const char *)ASN1_STRING_get0_data(name->d.dNSName),
					       (size_t)ASN1_STRING_length(name->d.dNSName)));
	}
	GENERAL_NAMES_free(names);
	return list;
}

static json_t *serial_to_json(const X509 *certificate)
{
	BIGNUM *number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), NULL);
	char *text = number ? BN_bn2hex(number) : NULL;
	json_t *json = text ? json_string(text) : NULL;

	OPENSSL_free(text);
	BN_free(number);
	return json;
}

static json_t *key_to_json(const X509 *certificate)
{
	EVP_PKEY *key = X509_get0_pubkey(certificate);
	const char *type = key ? EVP_PKEY_get0_type_name(key) : NULL;

	return type ? json_sprintf("%s %d bit", strcmp(type, "EC") == 0 ? "ECDSA" : type,
				   EVP_PKEY_get_bits(key))
		    : json_string("unknown");
}

json_t *certificate_facts(const X509 *certificate, int64_t now)
{
	int64_t not_after = certificate_not_after(certificate);
	char fingerprint[FINGERPRINT_TEXT];
	json_t *facts;

	if (!certificate_fingerprint(certificate, fingerprint))
		return NULL;
	facts = json_pack(
	    "{s:o, s:o, s:o, s:o, s:o, s:I, s:I, s:I, s:s}", "names", names_to_json(certificate),
	    "subject", name_to_json(X509_get_subject_name(certificate)), "issuer",
	    name_to_json(X509_get_issuer_name(certificate)), "serial", serial_to_json(certificate),
	    "key", key_to_json(certificate), "not_before",
	    (json_int_t)certificate_not_before(certificate), "not_after", (json_int_t)not_after,
	    "days_left", (json_int_t)((not_after - now) / DAY), "sha256", fingerprint);
	ERR_clear_error();
	return facts;
}
