// SPDX-License-Identifier: GPL-3.0-or-later
#include "tokens/jwt.h"

#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "base/crypto.h"
#include "base/json_file.h"
#include "tokens/base64url.h"

enum { SIGNATURE_BYTES = 1024, LATEST = 1LL << 53 };

struct parts {
	struct slice head, body, signature, signed_text;
};

static void cleanup_digest(EVP_MD_CTX **context)
{
	EVP_MD_CTX_free(*context);
}

static void cleanup_signature(ECDSA_SIG **signature)
{
	ECDSA_SIG_free(*signature);
}

static bool divide(struct slice token, struct parts *ret)
{
	struct slice rest = token;

	if (token.size > JWT_SIZE || !slice_until(&rest, SLICE("."), &ret->head) ||
	    !slice_until(&rest, SLICE("."), &ret->body) || memchr(rest.at, '.', rest.size))
		return false;
	ret->signature = rest;
	ret->signed_text = (struct slice){token.at, (size_t)(rest.at - token.at) - 1};
	return true;
}

/* An object, with no name twice; owned by the caller. */
static json_t *load(struct slice text)
{
	unsigned char bytes[JWT_SIZE];
	size_t size = base64url_decode(text, bytes, sizeof(bytes));
	json_t *found = size ? json_loadb((char *)bytes, size, JSON_REJECT_DUPLICATES, NULL) : NULL;

	if (json_is_object(found))
		return found;
	json_decref(found);
	return NULL;
}

/* ---- The signature ---- */

static unsigned algorithm_of(const char *name)
{
	for (size_t i = 0; i < jwks_algorithm_count; i++)
		if (strcmp(name, jwks_algorithms[i]) == 0)
			return 1u << i;
	return 0;
}

static const struct jwks_key *find_key(const struct keyring *ring, const char *name,
				       unsigned algorithm)
{
	for (size_t i = 0; i < ring->count; i++)
		if (strcmp(ring->keys[i].key.name, name) == 0 &&
		    ring->keys[i].key.algorithms & algorithm)
			return &ring->keys[i].key;
	return NULL;
}

/* RFC 7518 §3.4: two numbers of the curve's length, which OpenSSL wants as DER.  Its size, in
 * `ret`; 0 when they are none. */
static size_t der_of(const unsigned char *numbers, size_t size, size_t half, unsigned char *ret)
{
	_cleanup_(cleanup_signature) ECDSA_SIG *signature = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(numbers, (int)half, NULL);
	BIGNUM *s = BN_bin2bn(numbers + half, (int)half, NULL);
	int written;

	if (size != 2 * half || !signature || !r || !s || ECDSA_SIG_set0(signature, r, s) != 1) {
		BN_free(r);
		BN_free(s);
		return 0;
	}
	written = i2d_ECDSA_SIG(signature, &ret);
	return written > 0 ? (size_t)written : 0;
}

static EVP_PKEY *key_of(const char *pem)
{
	_cleanup_(cleanup_bio) BIO *bio = BIO_new_mem_buf(pem, -1);

	return bio ? PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL) : NULL;
}

static bool verify(const char *algorithm, const struct jwks_key *key, const unsigned char *bytes,
		   size_t size, struct slice text)
{
	_cleanup_(cleanup_digest) EVP_MD_CTX *context = EVP_MD_CTX_new();
	_cleanup_(cleanup_pkey) EVP_PKEY *public = key_of(key->pem);
	const char *digest = strcmp(algorithm + 2, "256") == 0	 ? "SHA256"
			     : strcmp(algorithm + 2, "384") == 0 ? "SHA384"
								 : "SHA512";
	EVP_PKEY_CTX *detail = NULL;

	if (!context || !public ||
	    EVP_DigestVerifyInit_ex(context, &detail, digest, NULL, NULL, public, NULL) != 1)
		return false;
	if (algorithm[0] == 'P' &&
	    (EVP_PKEY_CTX_set_rsa_padding(detail, RSA_PKCS1_PSS_PADDING) != 1 ||
	     EVP_PKEY_CTX_set_rsa_pss_saltlen(detail, RSA_PSS_SALTLEN_DIGEST) != 1))
		return false;
	return EVP_DigestVerify(context, bytes, size, (const unsigned char *)text.at, text.size) ==
	       1;
}

static bool is_signed(const char *algorithm, const struct jwks_key *key, const struct parts *parts)
{
	unsigned char bytes[SIGNATURE_BYTES], der[SIGNATURE_BYTES];
	size_t size = base64url_decode(parts->signature, bytes, sizeof(bytes));
	const unsigned char *used = bytes;
	bool good;

	if (size > 0 && algorithm[0] == 'E') {
		size = der_of(bytes, size, strcmp(algorithm, "ES256") == 0 ? 32 : 48, der);
		used = der;
	}
	good = size > 0 && verify(algorithm, key, used, size, parts->signed_text);
	ERR_clear_error();
	return good;
}

static enum jwt_outcome judge_signature(const struct parts *parts, const struct keyring *ring,
					const char **ret_why)
{
	_cleanup_json_ json_t *head = load(parts->head);
	const char *algorithm = json_text(head, "alg");
	const json_t *name = json_object_get(head, "kid");
	const struct jwks_key *key;

	*ret_why = "it is no signed token";
	if (!head || !algorithm_of(algorithm) || (name && !json_is_string(name)) ||
	    json_object_get(head, "crit"))
		return JWT_BAD;
	*ret_why = "its key is none of the issuer's";
	key = find_key(ring, name ? json_string_value(name) : "default", algorithm_of(algorithm));
	if (!key)
		return JWT_UNKNOWN;
	*ret_why = "its signature is wrong";
	return is_signed(algorithm, key, parts) ? JWT_GOOD : JWT_BAD;
}

/* ---- What it says ---- */

/* A NumericDate, which may have a fraction; -1 for what is none. */
static int64_t time_of(const json_t *claims, const char *name)
{
	double number = json_number_value(json_object_get(claims, name));

	return number >= 0 && number < (double)LATEST &&
		       json_is_number(json_object_get(claims, name))
		   ? (int64_t)number
		   : -1;
}

static bool is_text_of(const json_t *value, const char *text)
{
	return json_is_string(value) && strcmp(json_string_value(value), text) == 0;
}

static bool is_for_us(const json_t *claims, const struct issuer *issuer)
{
	const json_t *audience = json_object_get(claims, "aud");

	return is_text_of(audience, issuer->audience) ||
	       (json_is_array(audience) && json_has_text(audience, issuer->audience));
}

static bool is_a_client(const json_t *client, const struct issuer *issuer)
{
	for (size_t i = 0; i < issuer->client_count; i++)
		if (is_text_of(client, issuer->clients[i]))
			return true;
	return !client || is_text_of(client, issuer->audience);
}

/* RFC 8693 §4.2: words in one text; some have a list. */
static bool has_scope(const json_t *scope, const char *wanted)
{
	struct slice rest = slice_of(json_is_string(scope) ? json_string_value(scope) : ""), word;

	if (!wanted || (json_is_array(scope) && json_has_text(scope, wanted)))
		return true;
	while (slice_until(&rest, SLICE(" "), &word))
		if (slice_equal(word, slice_of(wanted)))
			return true;
	return slice_equal(rest, slice_of(wanted));
}

static const char *refuse_times(const json_t *claims, int64_t now)
{
	if (time_of(claims, "exp") < 0)
		return "it has no end (exp)";
	if (now >= time_of(claims, "exp"))
		return "it has expired (exp)";
	if ((json_object_get(claims, "nbf") && time_of(claims, "nbf") < 0) ||
	    (json_object_get(claims, "iat") && time_of(claims, "iat") < 0))
		return "its times are none (nbf, iat)";
	if (time_of(claims, "nbf") > now + JWT_SKEW || time_of(claims, "iat") > now + JWT_SKEW)
		return "it is of the future (nbf, iat): look at the clocks";
	return NULL;
}

/* NULL when nothing is wrong with them. */
static const char *refuse_claims(const json_t *claims, const struct issuer *issuer, int64_t now)
{
	if (!is_text_of(json_object_get(claims, "iss"), issuer->url))
		return "it is of another issuer (iss)";
	if (!is_for_us(claims, issuer))
		return "it is for somebody else (aud)";
	if (!is_a_client(json_object_get(claims, "azp"), issuer))
		return "it was given to another program (azp)";
	if (!has_scope(json_object_get(claims, "scope"), issuer->scope))
		return "the wanted scope is not in it (scope)";
	if (!issuer->unverified && !json_is_true(json_object_get(claims, "email_verified")))
		return "it does not say that the address was proved (email_verified)";
	return refuse_times(claims, now);
}

/* What a mailbox can be called at all; whether there is one, Dovecot knows. */
static bool take_address(const json_t *value, char ret[JWT_ADDRESS + 1])
{
	const char *text = json_string_value(value), *at = text ? strchr(text, '@') : NULL;
	size_t size = text ? json_string_length(value) : 0;

	if (!at || at == text || !at[1] || size > JWT_ADDRESS || strlen(text) != size)
		return false;
	for (size_t i = 0; i <= size; i++)
		ret[i] = (char)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] | 0x20 : text[i]);
	return true;
}

enum jwt_outcome jwt_judge(struct slice token, const struct issuer *issuer,
			   const struct keyring *ring, int64_t now,
			   char ret_address[JWT_ADDRESS + 1], const char **ret_why)
{
	_cleanup_json_ json_t *claims = NULL;
	struct parts parts;
	enum jwt_outcome outcome;

	*ret_why = "it is no signed token";
	if (!divide(token, &parts))
		return JWT_BAD;
	outcome = judge_signature(&parts, ring, ret_why);
	if (outcome != JWT_GOOD)
		return outcome;
	claims = load(parts.body);
	*ret_why = claims ? refuse_claims(claims, issuer, now) : "it is no JSON object";
	if (*ret_why)
		return JWT_BAD;
	*ret_why = "it names no mailbox (authentication.oauth.claim)";
	return take_address(json_object_get(claims, issuer->claim), ret_address) ? JWT_GOOD
										 : JWT_BAD;
}
