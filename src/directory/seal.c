// SPDX-License-Identifier: GPL-3.0-or-later
#include "directory/seal.h"

#include <errno.h>
#include <openssl/evp.h>
#include <string.h>

#include "base/buffer.h"
#include "base/crypto.h"
#include "base/file.h"

enum { KEY_SIZE = 32, NONCE = 12, TAG = 16, TEXT_MOST = 256 };

struct sealed {
	unsigned char nonce[NONCE], tag[TAG], text[SEAL_MOST];
};

static void cleanup_context(EVP_CIPHER_CTX **context)
{
	EVP_CIPHER_CTX_free(*context);
}

static int make_key(const char *path, unsigned char key[KEY_SIZE], struct error *error)
{
	int result = crypto_random(key, KEY_SIZE, error);

	return result < 0 ? result
			  : file_replace(path, key, KEY_SIZE, 0600, (uid_t)-1, (gid_t)-1, error);
}

static int read_key(const char *path, bool make, unsigned char key[KEY_SIZE], struct error *error)
{
	_cleanup_(error_clear) struct error why = ERROR_INIT;
	_cleanup_free_ char *text = NULL;
	size_t size;
	int result = file_read(path, KEY_SIZE, &text, &size, &why);

	if (result == -ENOENT && make)
		return make_key(path, key, error);
	if (result < 0)
		return error_set(error, -result, "%s", error_text(&why));
	if (size == KEY_SIZE)
		memcpy(key, text, KEY_SIZE);
	explicit_bzero(text, size);
	/* Never made anew: what it sealed could not be opened by another one. */
	return size == KEY_SIZE ? 0 : error_set(error, EBADMSG, "%s is damaged", path);
}

static int encrypt(const unsigned char *key, const char *address, const void *bytes, size_t size,
		   struct sealed *ret, struct error *error)
{
	_cleanup_(cleanup_context) EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	int length;

	if (!context ||
	    EVP_EncryptInit_ex(context, EVP_aes_256_gcm(), NULL, key, ret->nonce) != 1 ||
	    EVP_EncryptUpdate(context, NULL, &length, (const unsigned char *)address,
			      (int)strlen(address)) != 1 ||
	    EVP_EncryptUpdate(context, ret->text, &length, bytes, (int)size) != 1 ||
	    EVP_EncryptFinal_ex(context, ret->text + length, &length) != 1 ||
	    EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, TAG, ret->tag) != 1)
		return crypto_error(error, "cannot encrypt");
	return 0;
}

static int decrypt(const unsigned char *key, const char *address, struct sealed *sealed, void *ret,
		   size_t size, struct error *error)
{
	_cleanup_(cleanup_context) EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	unsigned char text[SEAL_MOST];
	int length;

	if (!context ||
	    EVP_DecryptInit_ex(context, EVP_aes_256_gcm(), NULL, key, sealed->nonce) != 1 ||
	    EVP_DecryptUpdate(context, NULL, &length, (const unsigned char *)address,
			      (int)strlen(address)) != 1 ||
	    EVP_DecryptUpdate(context, text, &length, sealed->text, (int)size) != 1 ||
	    EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, TAG, sealed->tag) != 1)
		return crypto_error(error, "cannot decrypt");
	if (EVP_DecryptFinal_ex(context, text + length, &length) != 1)
		return error_set(error, EBADMSG, "it was sealed with another key");
	memcpy(ret, text, size);
	explicit_bzero(text, sizeof(text));
	return 0;
}

int seal(const char *key_path, const char *address, const void *bytes, size_t size, char **ret,
	 struct error *error)
{
	unsigned char key[KEY_SIZE];
	struct sealed sealed;
	int result = size <= SEAL_MOST ? read_key(key_path, true, key, error)
				       : error_set(error, EINVAL, "too much to be sealed");

	if (result == 0)
		result = crypto_random(sealed.nonce, NONCE, error);
	if (result == 0)
		result = encrypt(key, address, bytes, size, &sealed, error);
	explicit_bzero(key, sizeof(key));
	if (result < 0)
		return result;
	*ret = crypto_base64(&sealed, NONCE + TAG + size);
	return *ret ? 0 : error_set(error, ENOMEM, "out of memory");
}

/* Base64 of OpenSSL's counts what pads it as zeros. */
static bool take_text(const char *text, size_t size, struct sealed *ret)
{
	unsigned char bytes[TEXT_MOST];
	size_t length = strlen(text);
	int decoded;

	if (length > TEXT_MOST / 4 * 4 || length != (NONCE + TAG + size + 2) / 3 * 4)
		return false;
	decoded = EVP_DecodeBlock(bytes, (const unsigned char *)text, (int)length);
	if (decoded < (int)(NONCE + TAG + size))
		return false;
	memcpy(ret, bytes, NONCE + TAG + size);
	return true;
}

int seal_open(const char *key_path, const char *address, const char *text, void *ret, size_t size,
	      struct error *error)
{
	unsigned char key[KEY_SIZE];
	struct sealed sealed;
	int result;

	if (size > SEAL_MOST || !take_text(text, size, &sealed))
		return error_set(error, EBADMSG, "it is no sealed secret");
	result = read_key(key_path, false, key, error);
	if (result == 0)
		result = decrypt(key, address, &sealed, ret, size, error);
	explicit_bzero(key, sizeof(key));
	return result;
}
