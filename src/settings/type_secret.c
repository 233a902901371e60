// SPDX-License-Identifier: GPL-3.0-or-later
#include "settings/type_secret.h"

#include <ctype.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#define CRYPT64 "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define BASE64	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

#define HASH_SIZE_LIMIT	  256
#define SHA512_ROUNDS_MIN 5000	  /* the default of crypt(5) */
#define SHA512_ROUNDS_MAX 1000000 /* about a second a login */
#define BCRYPT_COST_MIN	  10
#define BCRYPT_COST_MAX	  14
#define ARGON2_MEMORY_MIN 7168	 /* KiB */
#define ARGON2_MEMORY_MAX 131072 /* what dovecot's auth process has room for */
#define ARGON2_TIME_MAX	  20
#define CHAIN_LIMIT	  10 /* certificates of one chain */

#define HASH_ADVICE "make one with `mkpasswd -m yescrypt`"

/* Exactly `count` characters of the set follow, and then `end`. */
static bool is_field(const char *text, const char *set, size_t count, char end)
{
	return strspn(text, set) == count && text[count] == end;
}

static bool take_number(const char **text, unsigned long *ret_number)
{
	char *end;

	if (!isdigit((unsigned char)**text))
		return false;
	*ret_number = strtoul(*text, &end, 10);
	*text = end;
	return true;
}

/* $6$[rounds=N$]SALT$HASH, crypt(5) */
static const char *check_sha512(const char *text)
{
	unsigned long rounds;
	size_t salt;

	text += 3;
	if (!strncmp(text, "rounds=", 7)) {
		text += 7;
		if (!take_number(&text, &rounds) || *text++ != '$')
			return "is no SHA-512 hash: after rounds= a number and $ must "
			       "follow; " HASH_ADVICE;
		if (rounds < SHA512_ROUNDS_MIN)
			return "is a weak hash: fewer than 5000 rounds; " HASH_ADVICE;
		if (rounds > SHA512_ROUNDS_MAX)
			return "would take seconds for each login: more than 1000000 "
			       "rounds; " HASH_ADVICE;
	}
	salt = strspn(text, CRYPT64);
	if (salt < 1 || salt > 16 || text[salt] != '$' ||
	    !is_field(text + salt + 1, CRYPT64, 86, '\0'))
		return "is no whole SHA-512 hash: $6$, up to 16 characters of salt, $ and 86 "
		       "characters; copy all of it, or " HASH_ADVICE;
	return NULL;
}

/* $y$PARAMETERS$SALT$HASH, crypt(5); the second and third parameter are log2 N
 * and r: memory is 128 * r * N bytes. */
static const char *check_yescrypt(const char *text)
{
	size_t parameters, salt;
	long n, r;

	text += 3;
	parameters = strspn(text, CRYPT64);
	salt = text[parameters] == '$' ? strspn(text + parameters + 1, CRYPT64) : 0;
	if (parameters < 3 || parameters > 8 || salt < 1 || salt > 86 ||
	    text[parameters + 1 + salt] != '$' ||
	    !is_field(text + parameters + salt + 2, CRYPT64, 43, '\0'))
		return "is no whole yescrypt hash: $y$, parameters, $, salt, $ and 43 characters; "
		       "copy all of it, or " HASH_ADVICE;
	n = strchr(CRYPT64, text[1]) - CRYPT64 + 1;
	r = strchr(CRYPT64, text[2]) - CRYPT64 + 1;
	if (text[0] != 'j' || parameters != 3)
		return "is a yescrypt hash with unusual parameters; " HASH_ADVICE;
	if (n > 24 || (r << n) < 8 * 1024)
		return n > 24 ? "would take too much memory for each login; " HASH_ADVICE
			      : "is a weak yescrypt hash; " HASH_ADVICE;
	if ((128 * r) << n > (long)ARGON2_MEMORY_MAX * 1024)
		return "would take more than 128 MiB of memory for each login; " HASH_ADVICE;
	return NULL;
}

/* $2b$NN$ and 53 characters, crypt(5) */
static const char *check_bcrypt(const char *text)
{
	unsigned long cost;

	text += 4;
	if (!is_field(text, "0123456789", 2, '$') || !is_field(text + 3, CRYPT64, 53, '\0'))
		return "is no whole bcrypt hash: $2b$, two digits, $ and 53 characters; copy all "
		       "of "
		       "it, or " HASH_ADVICE;
	cost = strtoul(text, NULL, 10);
	if (cost < BCRYPT_COST_MIN)
		return "is a weak bcrypt hash: cost below 10; " HASH_ADVICE;
	if (cost > BCRYPT_COST_MAX)
		return "would take seconds for each login: bcrypt cost above 14; " HASH_ADVICE;
	return NULL;
}

/* $argon2id$v=19$m=M,t=T,p=P$SALT$HASH */
static const char *check_argon2(const char *text)
{
	static const char whole[] = "is no whole argon2id hash: $argon2id$v=19$m=...,t=...,p=...$, "
				    "salt, $ and hash; copy all of it, or " HASH_ADVICE;
	unsigned long memory, passes, lanes;
	size_t salt, hash;

	text += strlen("$argon2id$");
	if (strncmp(text, "v=19$m=", 7) != 0)
		return whole;
	text += 7;
	if (!take_number(&text, &memory) || strncmp(text, ",t=", 3) != 0)
		return whole;
	text += 3;
	if (!take_number(&text, &passes) || strncmp(text, ",p=", 3) != 0)
		return whole;
	text += 3;
	if (!take_number(&text, &lanes) || *text++ != '$')
		return whole;
	salt = strspn(text, BASE64);
	hash = text[salt] == '$' ? strspn(text + salt + 1, BASE64) : 0;
	if (salt < 11 || salt > 64 || hash < 22 || hash > 128 || text[salt + 1 + hash])
		return whole;
	if (memory < ARGON2_MEMORY_MIN || passes < 1 || (memory < 12288 && passes < 3))
		return "is a weak argon2id hash: less than 12 MiB and 1 pass, or 7 MiB and "
		       "3; " HASH_ADVICE;
	if (memory > ARGON2_MEMORY_MAX || passes > ARGON2_TIME_MAX || lanes < 1 || lanes > 16)
		return "would take too much memory or time for each login (more than 128 MiB, 20 "
		       "passes or 16 lanes); " HASH_ADVICE;
	return NULL;
}

/* Why a text is refused that is no accepted kind of hash. */
static const char *refuse_hash(const char *text)
{
	static const struct {
		const char *start, *sentence;
	} known[] = {
	    {"{PLAIN", "is a plain password with a prefix; " HASH_ADVICE},
	    {"{", "begins with dovecot's name of the scheme; leave out what stands in braces"},
	    {"$1$", "is an MD5 hash, which is broken in minutes; " HASH_ADVICE},
	    {"$apr1$", "is an MD5 hash, which is broken in minutes; " HASH_ADVICE},
	    {"$5$", "is a SHA-256 hash, which is too weak; " HASH_ADVICE},
	    {"$2a$", "is a bcrypt hash of the old, faulty kind $2a$; " HASH_ADVICE},
	    {"$2x$", "is a bcrypt hash of the faulty kind $2x$; " HASH_ADVICE},
	    {"$argon2i$", "is argon2i, not argon2id; " HASH_ADVICE},
	    {"$argon2d$", "is argon2d, not argon2id; " HASH_ADVICE},
	    {"$7$", "is a scrypt hash, which dovecot does not read here; " HASH_ADVICE},
	    {"$gy$", "is a gost-yescrypt hash, which is not accepted; " HASH_ADVICE},
	    {"$sha1$", "is a SHA-1 hash, which is too weak; " HASH_ADVICE},
	    {"$3$", "is an NT hash, which is broken in seconds; " HASH_ADVICE},
	    {"$md5", "is a Sun MD5 hash, which is too weak; " HASH_ADVICE},
	    {"_", "is a DES hash or a plain password, which is too weak; " HASH_ADVICE},
	    {"!", "is a locked password; leave the user out, or " HASH_ADVICE},
	    {"*", "is a locked password; leave the user out, or " HASH_ADVICE},
	    {"$", "is no kind of hash that is accepted; " HASH_ADVICE},
	};

	if (!text[0])
		return "is empty; " HASH_ADVICE;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (!strncmp(text, known[i].start, strlen(known[i].start)))
			return known[i].sentence;
	return "is a plain password or a weak hash, not an accepted hash; " HASH_ADVICE;
}

int type_check_password_hash(const struct setting *setting, const char *text, size_t size,
			     char **ret_value, struct error *error)
{
	static const struct {
		const char *start;
		const char *(*check)(const char *text);
	} kinds[] = {
	    {"$6$", check_sha512},  {"$y$", check_yescrypt},	  {"$2b$", check_bcrypt},
	    {"$2y$", check_bcrypt}, {"$argon2id$", check_argon2},
	};
	const char *sentence = NULL;
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strncmp(text, kinds[i].start, strlen(kinds[i].start)))
			break;
	if (size > HASH_SIZE_LIMIT)
		sentence = "is longer than any hash; " HASH_ADVICE;
	else if (i == sizeof(kinds) / sizeof(kinds[0]))
		sentence = refuse_hash(text);
	else
		sentence = kinds[i].check(text);
	if (sentence)
		return error_set(error, -EINVAL, "the %s %s", setting_name(setting), sentence);
	*ret_value = strdup(text);
	return *ret_value ? 0 : error_set(error, -ENOMEM, "out of memory");
}

static int refuse_pem(struct error *error, const char *sentence)
{
	ERR_clear_error();
	return error_set(error, -EINVAL, "%s", sentence);
}

static void bio_cleanup(BIO **bio)
{
	BIO_free(*bio);
}

static int store_pem(const char *text, size_t size, char **ret_value, struct error *error)
{
	ERR_clear_error(); /* the end of the input is an error to OpenSSL */
	*ret_value = strndup(text, size);
	return *ret_value ? 0 : error_set(error, -ENOMEM, "out of memory");
}

static int check_pem_size(const struct setting *setting, const char *text, size_t size,
			  struct error *error)
{
	if (size > (size_t)setting->maximum)
		return error_set(error, -EINVAL, "%zu bytes of PEM; write at most %lld", size,
				 (long long)setting->maximum);
	if (text[0] == '/' && !strchr(text, '\n'))
		return refuse_pem(error,
				  "a path, which is not read; write the PEM text itself as a "
				  "block (|)");
	if (strstr(text, "-----BEGIN ") && !strchr(text, '\n'))
		return refuse_pem(error,
				  "PEM without its lines; write it as a block (|), each line "
				  "indented");
	return 0;
}

int type_check_certificate(const struct setting *setting, const char *text, size_t size,
			   char **ret_value, struct error *error)
{
	_cleanup_(bio_cleanup) BIO *bio = BIO_new_mem_buf(text, (int)size);
	int count = 0, r = check_pem_size(setting, text, size, error);

	if (r < 0)
		return r;
	if (!bio)
		return error_set(error, -ENOMEM, "out of memory");
	if (strstr(text, "PRIVATE KEY-----"))
		return refuse_pem(error,
				  "a private key among the certificates; write it as tls.key");
	for (X509 *certificate; (certificate = PEM_read_bio_X509(bio, NULL, NULL, (char[]){""}));
	     count++)
		X509_free(certificate);
	if (!count)
		return refuse_pem(error, "no certificate in PEM; write the lines from -----BEGIN "
					 "CERTIFICATE----- to -----END CERTIFICATE-----");
	if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
		return refuse_pem(error,
				  "a damaged certificate after the first; copy all its lines");
	if (count > CHAIN_LIMIT)
		return refuse_pem(error, "more than 10 certificates; write the leaf and its chain");
	return store_pem(text, size, ret_value, error);
}

static int refuse_passphrase(char *buffer _unused_, int size _unused_, int writing _unused_,
			     void *asked)
{
	*(bool *)asked = true;
	return -1;
}

static int check_key_strength(const EVP_PKEY *key, struct error *error)
{
	switch (EVP_PKEY_get_base_id(key)) {
	case EVP_PKEY_RSA:
		if (EVP_PKEY_get_bits(key) < 2048)
			return refuse_pem(error,
					  "an RSA key of less than 2048 bits; make a longer one");
		return 0;
	case EVP_PKEY_EC:
		if (EVP_PKEY_get_bits(key) < 256)
			return refuse_pem(error,
					  "an ECDSA key of less than 256 bits; make a longer "
					  "one");
		return 0;
	case EVP_PKEY_ED25519:
		return 0;
	default:
		return refuse_pem(error,
				  "a kind of key that mail clients do not know; make an ECDSA "
				  "or RSA key");
	}
}

int type_check_private_key(const struct setting *setting, const char *text, size_t size,
			   char **ret_value, struct error *error)
{
	_cleanup_(bio_cleanup) BIO *bio = BIO_new_mem_buf(text, (int)size);
	bool asked = false;
	EVP_PKEY *key;
	int r = check_pem_size(setting, text, size, error);

	if (r < 0)
		return r;
	if (!bio)
		return error_set(error, -ENOMEM, "out of memory");
	key = PEM_read_bio_PrivateKey(bio, NULL, refuse_passphrase, &asked);
	if (!key && asked)
		return refuse_pem(error,
				  "an encrypted private key, which cannot be opened at boot; "
				  "write it decrypted");
	if (!key)
		return refuse_pem(error, "no private key in PEM; write the lines from -----BEGIN "
					 "PRIVATE KEY----- to -----END PRIVATE KEY-----");
	r = check_key_strength(key, error);
	EVP_PKEY_free(key);
	return r < 0 ? r : store_pem(text, size, ret_value, error);
}
