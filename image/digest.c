// SPDX-License-Identifier: GPL-3.0-or-later
#include "image/digest.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void hex_write(const unsigned char *bytes, size_t count, char *hex)
{
	for (size_t i = 0; i < count; i++)
		snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
}

static void context_free(EVP_MD_CTX **context)
{
	EVP_MD_CTX_free(*context);
}

enum { CHUNK = 1 << 20 };

/* Digests `size` zeros: the hole of a sparse file, which need not be read. */
static bool zeros_add(EVP_MD_CTX *context, off_t size)
{
	static const char zeros[CHUNK];

	for (off_t left = size; left > 0; left -= CHUNK)
		if (!EVP_DigestUpdate(context, zeros, left < CHUNK ? (size_t)left : CHUNK))
			return false;
	return true;
}

/* Where the next data begins; the file's end when there is only a hole. */
static off_t data_next(int fd, off_t at)
{
	off_t data = lseek(fd, at, SEEK_DATA);

	if (data < 0 && errno == ENXIO)
		return lseek(fd, 0, SEEK_END);
	return data < 0 ? at : data;
}

static bool data_add(EVP_MD_CTX *context, int fd, char *chunk)
{
	off_t at = 0, end = lseek(fd, 0, SEEK_END);

	while (at < end) {
		off_t data = data_next(fd, at);
		if (!zeros_add(context, data - at))
			return false;
		at = data;
		off_t hole = at < end ? lseek(fd, at, SEEK_HOLE) : end;
		for (ssize_t got; at < end && (hole < 0 || at < hole); at += got) {
			size_t wanted = hole < 0 || hole - at > CHUNK ? CHUNK : (size_t)(hole - at);

			got = pread(fd, chunk, wanted, at);
			if (got <= 0 || !EVP_DigestUpdate(context, chunk, (size_t)got))
				return false;
		}
	}
	return true;
}

int digest_file(const char *path, char hex[DIGEST_HEX_SIZE], struct error *error)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	_cleanup_free_ char *chunk = malloc(CHUNK);
	_cleanup_(context_free) EVP_MD_CTX *context = EVP_MD_CTX_new();
	unsigned char bytes[EVP_MAX_MD_SIZE];

	if (fd < 0)
		return error_errno(error, errno, "%s", path);
	if (!chunk || !context || !EVP_DigestInit_ex(context, EVP_sha256(), NULL))
		return error_errno(error, ENOMEM, "%s", path);
	if (!data_add(context, fd, chunk) || !EVP_DigestFinal_ex(context, bytes, NULL))
		return error_errno(error, EIO, "%s: cannot be read", path);
	hex_write(bytes, 32, hex);
	return 0;
}

void cache_key_start(struct cache_key *key)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();

	if (context && !EVP_DigestInit_ex(context, EVP_sha256(), NULL)) {
		EVP_MD_CTX_free(context);
		context = NULL;
	}
	key->context = context;
}

void cache_key_add_bytes(struct cache_key *key, const char *name, const void *bytes, size_t size)
{
	char head[64];
	int length = snprintf(head, sizeof(head), "%.32s %zu\n", name, size);

	if (!key->context)
		return;
	if (!EVP_DigestUpdate(key->context, head, (size_t)length) ||
	    !EVP_DigestUpdate(key->context, bytes, size)) {
		EVP_MD_CTX_free(key->context);
		key->context = NULL;
	}
}

void cache_key_add(struct cache_key *key, const char *name, const char *text)
{
	cache_key_add_bytes(key, name, text, strlen(text));
}

int cache_key_finish(struct cache_key *key, char hex[KEY_HEX_SIZE])
{
	_cleanup_(context_free) EVP_MD_CTX *context = key->context;
	unsigned char bytes[EVP_MAX_MD_SIZE];

	key->context = NULL;
	if (!context || !EVP_DigestFinal_ex(context, bytes, NULL))
		return -ENOMEM;
	hex_write(bytes, 8, hex);
	return 0;
}
