#include "image/digest.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static void hex_write(const unsigned char *bytes, size_t count, char *hex)
{
	for (size_t i = 0; i < count; i++)
		snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
}

static void context_free(EVP_MD_CTX **context)
{
	EVP_MD_CTX_free(*context);
}

int digest_file(const char *path, char hex[DIGEST_HEX_SIZE], struct error *error)
{
	enum { CHUNK = 1 << 20 };
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	_cleanup_free_ char *chunk = malloc(CHUNK);
	_cleanup_(context_free) EVP_MD_CTX *context = EVP_MD_CTX_new();
	unsigned char bytes[EVP_MAX_MD_SIZE];
	ssize_t got;

	if (fd < 0)
		return error_errno(error, errno, "%s", path);
	if (!chunk || !context || !EVP_DigestInit_ex(context, EVP_sha256(), NULL))
		return error_errno(error, ENOMEM, "%s", path);
	while ((got = read(fd, chunk, CHUNK)) > 0)
		if (!EVP_DigestUpdate(context, chunk, (size_t)got))
			return error_errno(error, EIO, "%s", path);
	if (got < 0)
		return error_errno(error, errno, "%s", path);
	if (!EVP_DigestFinal_ex(context, bytes, NULL))
		return error_errno(error, EIO, "%s", path);
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

void cache_key_add(struct cache_key *key, const char *name, const char *text)
{
	char head[64];
	int size = snprintf(head, sizeof(head), "%.32s %zu\n", name, strlen(text));

	if (!key->context)
		return;
	if (!EVP_DigestUpdate(key->context, head, (size_t)size) ||
	    !EVP_DigestUpdate(key->context, text, strlen(text))) {
		EVP_MD_CTX_free(key->context);
		key->context = NULL;
	}
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
