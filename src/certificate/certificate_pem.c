// SPDX-License-Identifier: GPL-3.0-or-later
#include "certificate/certificate_pem.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "base/file.h"
#include "certificate/certificate.h"

#define FILE_MAX ((size_t)2 * CERTIFICATE_PEM_MAX)

/* One block of a PEM text. */
struct block {
	char *name, *header;
	unsigned char *bytes;
	long size;
};

static void block_clear(struct block *block)
{
	OPENSSL_free(block->name);
	OPENSSL_free(block->header);
	if (block->bytes)
		OPENSSL_clear_free(block->bytes, (size_t)block->size);
	*block = (struct block){0};
}

/* 1 with the next block, 0 at the end, -EBADMSG when one is cut short. */
static int block_read(BIO *text, struct block *block)
{
	unsigned long code;

	if (PEM_read_bio(text, &block->name, &block->header, &block->bytes, &block->size))
		return 1;
	code = ERR_peek_last_error();
	ERR_clear_error();
	if (ERR_GET_LIB(code) == ERR_LIB_PEM && ERR_GET_REASON(code) == PEM_R_NO_START_LINE)
		return 0;
	return -EBADMSG;
}

static int chain_add(struct key_chain *pair, const struct block *block, struct error *error)
{
	const unsigned char *end = block->bytes;
	X509 *certificate = d2i_X509(NULL, &end, block->size);

	ERR_clear_error();
	if (!certificate || end != block->bytes + block->size) {
		X509_free(certificate);
		return error_set(error, EBADMSG, "a CERTIFICATE block holds no certificate");
	}
	if (!pair->chain)
		pair->chain = sk_X509_new_null();
	if (pair->chain && sk_X509_num(pair->chain) < CERTIFICATE_CHAIN_MAX &&
	    sk_X509_push(pair->chain, certificate) > 0)
		return 0;
	X509_free(certificate);
	return error_set(error, EBADMSG, "more than %d certificates", CERTIFICATE_CHAIN_MAX);
}

static int key_add(struct key_chain *pair, const struct block *block, struct error *error)
{
	const unsigned char *end = block->bytes;

	if (strcmp(block->name, PEM_STRING_PKCS8) == 0 || block->header[0] != '\0')
		return error_set(error, EBADMSG,
				 "the private key is encrypted; give it without a passphrase");
	if (pair->key)
		return error_set(error, EBADMSG, "more than one private key");
	pair->key = d2i_AutoPrivateKey(NULL, &end, block->size);
	ERR_clear_error();
	if (!pair->key || end != block->bytes + block->size) {
		EVP_PKEY_free(pair->key);
		pair->key = NULL;
		return error_set(error, EBADMSG, "the private key cannot be read");
	}
	return 0;
}

static bool is_key_name(const char *name)
{
	size_t length = strlen(name), suffix = strlen(PEM_STRING_PKCS8INF);

	return length >= suffix && strcmp(name + length - suffix, PEM_STRING_PKCS8INF) == 0;
}

static int block_add(struct key_chain *pair, const struct block *block, struct error *error)
{
	if (strcmp(block->name, PEM_STRING_X509) == 0 ||
	    strcmp(block->name, PEM_STRING_X509_OLD) == 0)
		return chain_add(pair, block, error);
	if (is_key_name(block->name))
		return key_add(pair, block, error);
	if (strcmp(block->name, PEM_STRING_ECPARAMETERS) == 0)
		return 0;
	return error_set(error, EBADMSG, "a block \"%.40s\" that is no certificate and no key",
			 block->name);
}

int key_chain_parse(const char *text, size_t size, struct key_chain *ret, struct error *error)
{
	_cleanup_(cleanup_bio) BIO *bio = NULL;
	int result = 1;

	*ret = KEY_CHAIN_INIT;
	if (size > FILE_MAX)
		return error_set(error, EFBIG, "larger than %zu bytes", FILE_MAX);
	bio = BIO_new_mem_buf(size > 0 ? text : "", (int)size);
	if (!bio)
		return error_set(error, ENOMEM, "out of memory");
	while (result > 0) {
		_cleanup_(block_clear) struct block block = {0};

		result = block_read(bio, &block);
		if (result < 0)
			return error_set(error, EBADMSG, "a PEM block is cut short or damaged");
		if (result > 0 && block_add(ret, &block, error) < 0)
			return -EBADMSG;
	}
	return 0;
}

int key_chain_read(const char *path, struct key_chain *ret, struct error *error)
{
	char *text = NULL;
	size_t size = 0;
	int result;

	*ret = KEY_CHAIN_INIT;
	result = file_read(path, FILE_MAX, &text, &size, error);
	if (result < 0)
		return result;
	result = key_chain_parse(text, size, ret, error);
	OPENSSL_cleanse(text, size);
	free(text);
	if (result < 0)
		error_wrap(error, "%s", path);
	return result;
}

BIO *key_chain_format(const EVP_PKEY *key, const STACK_OF(X509) * chain)
{
	BIO *bio = BIO_new(BIO_s_mem());
	bool good = bio;

	if (good && key)
		good = PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) > 0;
	for (int i = 0; good && chain && i < sk_X509_num(chain); i++)
		good = PEM_write_bio_X509(bio, sk_X509_value(chain, i)) > 0;
	if (good)
		return bio;
	BIO_free(bio);
	ERR_clear_error();
	return NULL;
}

int key_chain_write(const char *path, mode_t mode, const EVP_PKEY *key,
		    const STACK_OF(X509) * chain, struct error *error)
{
	_cleanup_(cleanup_bio) BIO *text = key_chain_format(key, chain);
	char *bytes;
	long size;

	if (!text)
		return error_set(error, ENOMEM, "%s: cannot be written as PEM", path);
	size = BIO_get_mem_data(text, &bytes);
	return file_replace(path, bytes, (size_t)size, mode, (uid_t)-1, (gid_t)-1, error);
}

void key_chain_clear(struct key_chain *pair)
{
	EVP_PKEY_free(pair->key);
	sk_X509_pop_free(pair->chain, X509_free);
	*pair = KEY_CHAIN_INIT;
}
