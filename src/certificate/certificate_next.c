// SPDX-License-Identifier: GPL-3.0-or-later
#include "certificate/certificate_next.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/x509.h>

#include "base/file.h"
#include "certificate/certificate_facts.h"
#include "certificate/certificate_issue.h"
#include "certificate/certificate_pem.h"

static char *next_path(const char *folder, enum certificate_kind kind)
{
	return file_join(folder, kind == CERTIFICATE_RSA ? "next-rsa.key" : "next-ecdsa.key");
}

bool certificate_key_hash(const EVP_PKEY *key, char text[KEY_HASH_TEXT])
{
	unsigned char *bytes = NULL, digest[EVP_MAX_MD_SIZE];
	unsigned int size = 0;
	int length = i2d_PUBKEY(key, &bytes);
	bool good =
	    length > 0 && EVP_Digest(bytes, (size_t)length, digest, &size, EVP_sha256(), NULL) == 1;

	OPENSSL_free(bytes);
	for (unsigned int i = 0; good && i < size; i++)
		snprintf(text + (size_t)2 * i, 3, "%02x", digest[i]);
	ERR_clear_error();
	return good;
}

int certificate_next_read(const char *folder, enum certificate_kind kind, EVP_PKEY **ret,
			  struct error *error)
{
	_cleanup_free_ char *path = next_path(folder, kind);
	_cleanup_free_ char *used = file_join(folder, certificate_file_name(kind));
	_cleanup_(key_chain_clear) struct key_chain next = KEY_CHAIN_INIT, served = KEY_CHAIN_INIT;
	_cleanup_(error_clear) struct error none = ERROR_INIT;
	int result = path && used ? key_chain_read(path, &next, error) : -ENOMEM;

	*ret = NULL;
	if (result == -ENOENT || result == -EBADMSG || result == -EFBIG) {
		if (error)
			error_clear(error); /* made anew by whoever needs it */
		return 0;
	}
	if (result < 0)
		return result == -ENOMEM ? error_set(error, ENOMEM, "out of memory") : result;
	/* A power cut after it came into use. */
	if (next.key && certificate_key_is(next.key, kind) &&
	    (key_chain_read(used, &served, &none) < 0 || !served.key ||
	     EVP_PKEY_eq(served.key, next.key) != 1))
		*ret = TAKE_POINTER(next.key);
	ERR_clear_error();
	return 0;
}

int certificate_next_ensure(const char *folder, enum certificate_kind kind, struct error *error)
{
	_cleanup_free_ char *path = next_path(folder, kind);
	_cleanup_(cleanup_pkey) EVP_PKEY *key = NULL;
	int result = path ? certificate_next_read(folder, kind, &key, error)
			  : error_set(error, ENOMEM, "out of memory");

	if (result < 0 || key)
		return result;
	result = certificate_make_key(kind, &key, error);
	return result < 0 ? result : key_chain_write(path, 0600, key, NULL, error);
}

int certificate_next_take(const char *folder, enum certificate_kind kind, EVP_PKEY **ret,
			  struct error *error)
{
	int result = certificate_next_read(folder, kind, ret, error);

	return result < 0 || *ret ? result : certificate_make_key(kind, ret, error);
}

int certificate_next_drop(const char *folder, enum certificate_kind kind, const EVP_PKEY *key,
			  struct error *error)
{
	_cleanup_free_ char *path = next_path(folder, kind);
	_cleanup_(key_chain_clear) struct key_chain next = KEY_CHAIN_INIT;
	_cleanup_(error_clear) struct error none = ERROR_INIT;

	if (!path)
		return error_set(error, ENOMEM, "out of memory");
	if (key_chain_read(path, &next, &none) < 0 || !next.key || EVP_PKEY_eq(next.key, key) != 1)
		return 0; /* there is none, or it is still to come */
	if (unlink(path) < 0)
		return error_errno(error, errno, "%s: cannot remove", path);
	return 0;
}
