// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/digest.h"

EVP_MD_CTX *digest_begin(void)
{
	EVP_MD_CTX *digest = EVP_MD_CTX_new();

	if (digest && EVP_DigestInit_ex(digest, EVP_sha256(), NULL) != 1) {
		EVP_MD_CTX_free(digest);
		return NULL;
	}
	return digest;
}

void digest_add(EVP_MD_CTX *digest, const void *bytes, size_t size)
{
	if (EVP_DigestUpdate(digest, bytes, size) != 1)
		abort(); /* SHA-256 of memory cannot fail */
}

void digest_finish(EVP_MD_CTX *digest, char ret_text[DIGEST_TEXT_SIZE])
{
	unsigned char bytes[EVP_MAX_MD_SIZE];
	unsigned int size = 0;

	if (EVP_DigestFinal_ex(digest, bytes, &size) != 1)
		abort();
	EVP_MD_CTX_free(digest);
	for (unsigned int i = 0; i < size && i < 32; i++)
		snprintf(ret_text + 2 * i, 3, "%02x", bytes[i]);
}
