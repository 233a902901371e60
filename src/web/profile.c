// SPDX-License-Identifier: GPL-3.0-or-later
#include "web/profile.h"

#include <errno.h>
#include <string.h>

#include <openssl/cms.h>

#include "base/digest.h"

static void free_cms(CMS_ContentInfo **cms)
{
	CMS_ContentInfo_free(*cms);
}

static void free_stack(STACK_OF(X509) * *stack)
{
	sk_X509_free(*stack);
}

/* The leaf's issuers; the stack alone is the caller's. */
static STACK_OF(X509) * issuers(const struct key_chain *signer)
{
	STACK_OF(X509) *others = sk_X509_dup(signer->chain);

	if (others)
		sk_X509_shift(others);
	return others;
}

int profile_sign(const struct key_chain *signer, const struct buffer *text, struct buffer *ret,
		 struct error *error)
{
	_cleanup_(free_stack) STACK_OF(X509) *others = issuers(signer);
	_cleanup_(cleanup_bio) BIO *input = BIO_new_mem_buf(buffer_text(text), (int)text->size);
	_cleanup_(free_cms) CMS_ContentInfo *cms = NULL;
	unsigned char *bytes = NULL;
	int size;

	if (!others || !input)
		return error_set(error, ENOMEM, "out of memory");
	cms = CMS_sign(sk_X509_value(signer->chain, 0), signer->key, others, input,
		       CMS_BINARY | CMS_NOSMIMECAP);
	size = cms ? i2d_CMS_ContentInfo(cms, &bytes) : -1;
	if (size < 0)
		return error_set(error, EIO, "cannot sign a profile with the server's key");
	buffer_add(ret, bytes, (size_t)size);
	OPENSSL_free(bytes);
	return ret->failed ? error_set(error, ENOMEM, "out of memory") : 0;
}

int profile_uuid(const char *name, const char *what, char *ret, struct error *error)
{
	EVP_MD_CTX *digest = digest_begin();
	char hash[DIGEST_TEXT_SIZE];

	if (!digest)
		return error_set(error, ENOMEM, "out of memory");
	digest_add(digest, name, strlen(name) + 1);
	digest_add(digest, what, strlen(what) + 1);
	digest_finish(digest, hash);
	hash[12] = '8'; /* version */
	hash[16] = "89ab"[hash[16] & 3];
	snprintf(ret, PROFILE_UUID_SIZE, "%.8s-%.4s-%.4s-%.4s-%.12s", hash, hash + 8, hash + 12,
		 hash + 16, hash + 20);
	return 0;
}
