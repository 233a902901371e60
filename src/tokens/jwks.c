// SPDX-License-Identifier: GPL-3.0-or-later
#include "tokens/jwks.h"

#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <string.h>

#include "base/crypto.h"
#include "base/json_file.h"
#include "tokens/base64url.h"

enum {
	RSA_LEAST = 2048,
	RSA_MOST = 8192, /* what it costs to verify grows with the square */
	EXPONENT_BYTES = 8,
	NUMBER_BYTES = RSA_MOST / 8 + 1, /* some write a zero in front */
};

#define CONFIGURATION "the issuer's configuration"

const char *const jwks_algorithms[] = {"RS256", "RS384", "RS512", "PS256",
				       "PS384", "PS512", "ES256", "ES384"};
const size_t jwks_algorithm_count = ARRAY_SIZE(jwks_algorithms);

enum { RSA_ALGORITHMS = 0x3f, ES256 = 1 << 6, ES384 = 1 << 7 };

/* Each has its own algorithm and no other (RFC 7518 §3.4). */
static const struct curve {
	const char *name, *group;
	size_t bytes; /* of a coordinate */
	unsigned algorithm;
} curves[] = {{"P-256", "prime256v1", 32, ES256}, {"P-384", "secp384r1", 48, ES384}};

static void cleanup_builder(OSSL_PARAM_BLD **builder)
{
	OSSL_PARAM_BLD_free(*builder);
}

static void cleanup_parameters(OSSL_PARAM **parameters)
{
	OSSL_PARAM_free(*parameters);
}

static void cleanup_context(EVP_PKEY_CTX **context)
{
	EVP_PKEY_CTX_free(*context);
}

static void cleanup_number(BIGNUM **number)
{
	BN_free(*number);
}

void jwks_free(struct jwks *jwks)
{
	for (size_t i = 0; i < jwks->count; i++)
		free(jwks->keys[i].pem);
	*jwks = (struct jwks){0};
}

bool jwks_is_name(const char *name)
{
	size_t size = strlen(name);

	if (size < 1 || size > JWKS_NAME || name[0] == '.')
		return false;
	for (size_t i = 0; i < size; i++)
		if (name[i] <= ' ' || name[i] > '~')
			return false;
	return true;
}

/* ---- One key ---- */

/* NULL when OpenSSL does not want it, or does not believe it: a point off its curve, a modulus with
 * small factors. */
static EVP_PKEY *build(const char *type, OSSL_PARAM_BLD *builder)
{
	_cleanup_(cleanup_parameters) OSSL_PARAM *parameters = OSSL_PARAM_BLD_to_param(builder);
	_cleanup_(cleanup_context) EVP_PKEY_CTX *context =
	    EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	_cleanup_(cleanup_context) EVP_PKEY_CTX *check = NULL;
	_cleanup_(cleanup_pkey) EVP_PKEY *key = NULL;

	if (!parameters || !context || EVP_PKEY_fromdata_init(context) != 1 ||
	    EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters) != 1)
		return NULL;
	check = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	if (!check || EVP_PKEY_public_check(check) != 1)
		return NULL;
	return TAKE_POINTER(key);
}

static EVP_PKEY *rsa_key(const json_t *entry)
{
	_cleanup_(cleanup_builder) OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	_cleanup_(cleanup_number) BIGNUM *modulus = NULL, *exponent = NULL;
	unsigned char bytes[NUMBER_BYTES];
	size_t size = base64url_decode(slice_of(json_text(entry, "n")), bytes, sizeof(bytes));

	modulus = size ? BN_bin2bn(bytes, (int)size, NULL) : NULL;
	size = base64url_decode(slice_of(json_text(entry, "e")), bytes, EXPONENT_BYTES);
	exponent = size ? BN_bin2bn(bytes, (int)size, NULL) : NULL;
	if (!builder || !modulus || !exponent || BN_num_bits(modulus) < RSA_LEAST ||
	    BN_num_bits(modulus) > RSA_MOST ||
	    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, modulus) != 1 ||
	    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, exponent) != 1)
		return NULL;
	return build("RSA", builder);
}

static const struct curve *curve_of(const json_t *entry)
{
	for (size_t i = 0; i < ARRAY_SIZE(curves); i++)
		if (strcmp(json_text(entry, "crv"), curves[i].name) == 0)
			return &curves[i];
	return NULL;
}

/* SEC 1 §2.3.3: 4, then both coordinates at their whole length (RFC 7518 §6.2.1.2). */
static EVP_PKEY *ec_key(const json_t *entry, const struct curve *curve)
{
	_cleanup_(cleanup_builder) OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	unsigned char point[1 + 2 * 48] = {4};
	size_t size = curve->bytes;

	if (!builder ||
	    base64url_decode(slice_of(json_text(entry, "x")), point + 1, size) != size ||
	    base64url_decode(slice_of(json_text(entry, "y")), point + 1 + size, size) != size ||
	    OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, curve->group, 0) !=
		1 ||
	    OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point,
					     1 + 2 * size) != 1)
		return NULL;
	return build("EC", builder);
}

static char *pem_of(EVP_PKEY *key)
{
	_cleanup_(cleanup_bio) BIO *bio = BIO_new(BIO_s_mem());
	char *bytes;
	long size;

	if (!bio || PEM_write_bio_PUBKEY(bio, key) != 1)
		return NULL;
	size = BIO_get_mem_data(bio, &bytes);
	return strndup(bytes, (size_t)size);
}

/* Of what it can do what it is for; 0 when that is nothing here. */
static unsigned algorithms_of(const json_t *entry, unsigned able)
{
	const json_t *alg = json_object_get(entry, "alg");

	if (!alg)
		return able;
	for (size_t i = 0; i < jwks_algorithm_count; i++)
		if (strcmp(json_text(entry, "alg"), jwks_algorithms[i]) == 0)
			return able & 1u << i;
	return 0;
}

/* False for one that is passed over. */
static bool take_key(const json_t *entry, struct jwks_key *ret)
{
	const json_t *use = json_object_get(entry, "use"), *name = json_object_get(entry, "kid");
	const char *type = json_text(entry, "kty");
	const struct curve *curve = strcmp(type, "EC") == 0 ? curve_of(entry) : NULL;
	bool rsa = strcmp(type, "RSA") == 0;
	_cleanup_(cleanup_pkey) EVP_PKEY *key = NULL;

	if ((use && strcmp(json_text(entry, "use"), "sig") != 0) || json_object_get(entry, "d"))
		return false;
	if (name && (!json_is_string(name) || !jwks_is_name(json_string_value(name))))
		return false;
	ret->algorithms = algorithms_of(entry, rsa ? RSA_ALGORITHMS : curve ? curve->algorithm : 0);
	if (!ret->algorithms)
		return false;
	strcpy(ret->name, name ? json_string_value(name) : "default");
	key = rsa ? rsa_key(entry) : ec_key(entry, curve);
	ret->pem = key ? pem_of(key) : NULL;
	ERR_clear_error();
	return ret->pem != NULL;
}

/* ---- All of them ---- */

/* Two files cannot have one name, and an issuer that does so is not to be understood. */
static bool is_there(const struct jwks *jwks, const struct jwks_key *key)
{
	for (size_t i = 0; i < jwks->count; i++)
		if (strcmp(jwks->keys[i].name, key->name) == 0 &&
		    jwks->keys[i].algorithms & key->algorithms)
			return true;
	return false;
}

static int take_keys(const json_t *keys, struct jwks *ret, struct error *error)
{
	const json_t *entry;
	size_t i;

	json_array_foreach(keys, i, entry)
	{
		struct jwks_key key = {0};

		if (!take_key(entry, &key)) {
			ret->passed_over++;
			continue;
		}
		if (ret->count == JWKS_KEYS || is_there(ret, &key)) {
			free(key.pem);
			return ret->count == JWKS_KEYS
				   ? error_set(error, EBADMSG, "more than %d keys", JWKS_KEYS)
				   : error_set(error, EBADMSG, "two keys are called %s", key.name);
		}
		ret->keys[ret->count++] = key;
	}
	if (ret->count == 0)
		return error_set(error, EBADMSG, "no key that could be used is among its %zu",
				 json_array_size(keys));
	return 0;
}

static int load(const char *text, size_t size, const char *what, json_t **ret, struct error *error)
{
	json_error_t why;

	if (size > JWKS_SIZE)
		return error_set(error, EBADMSG, "%s has more than %d KiB", what, JWKS_SIZE / 1024);
	*ret = json_loadb(text, size, JSON_REJECT_DUPLICATES, &why);
	if (!json_is_object(*ret))
		return error_set(error, EBADMSG, "%s is no JSON object", what);
	return 0;
}

int jwks_parse(const char *text, size_t size, struct jwks *ret, struct error *error)
{
	_cleanup_json_ json_t *set = NULL;
	const json_t *keys;
	int result;

	*ret = (struct jwks){0};
	result = load(text, size, "the set of keys", &set, error);
	if (result < 0)
		return result;
	keys = json_object_get(set, "keys");
	if (!json_is_array(keys) || json_array_size(keys) > JWKS_ENTRIES)
		return error_set(error, EBADMSG, "it has no list `keys` of at most %d",
				 JWKS_ENTRIES);
	return take_keys(keys, ret, error);
}

int jwks_find(const char *text, size_t size, const char *issuer, char ret_url[JWKS_URL + 1],
	      struct error *error)
{
	_cleanup_json_ json_t *configuration = NULL;
	const char *url;
	int result = load(text, size, CONFIGURATION, &configuration, error);

	if (result < 0)
		return result;
	/* §4.3: exactly; it would be another's, or one of many by a template. */
	if (strcmp(json_text(configuration, "issuer"), issuer) != 0)
		return error_set(error, EBADMSG,
				 CONFIGURATION
				 " is of another issuer; write authentication.oauth.issuer as it "
				 "stands there");
	url = json_text(configuration, "jwks_uri");
	if (strncmp(url, "https://", strlen("https://")) != 0 || strlen(url) > JWKS_URL)
		return error_set(error, EBADMSG, CONFIGURATION " has no jwks_uri of https");
	strcpy(ret_url, url);
	return 0;
}
