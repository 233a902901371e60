// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/crypto.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#include <openssl/err.h>

int crypto_error(struct error *error, const char *what)
{
	char reason[256] = "out of memory";
	unsigned long code = ERR_peek_last_error();

	if (code)
		ERR_error_string_n(code, reason, sizeof(reason));
	ERR_clear_error();
	return error_set(error, EIO, "%s: %s", what, reason);
}

int crypto_random(void *bytes, size_t size, struct error *error)
{
	return getrandom(bytes, size, 0) == (ssize_t)size
		   ? 0
		   : error_errno(error, errno, "no random numbers");
}

char *crypto_base64(const void *bytes, size_t size)
{
	char *text = malloc(4 * ((size + 2) / 3) + 1);

	if (text)
		EVP_EncodeBlock((unsigned char *)text, bytes, (int)size);
	return text;
}
