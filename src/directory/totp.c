// SPDX-License-Identifier: GPL-3.0-or-later
#include "directory/totp.h"

#include <openssl/crypto.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <string.h>

#include "base/crypto.h"

enum { DIGEST_SIZE = 20, DIGITS_MOST = 9 };

int totp_code(const unsigned char *key, size_t size, int64_t step, int digits, char *ret,
	      struct error *error)
{
	unsigned char counter[8], digest[EVP_MAX_MD_SIZE];
	unsigned length = 0, offset;
	uint32_t number, modulus = 1;

	for (size_t i = 0; i < sizeof(counter); i++)
		counter[i] = (unsigned char)((uint64_t)step >> (56 - 8 * i));
	if (!HMAC(EVP_sha1(), key, (int)size, counter, sizeof(counter), digest, &length) ||
	    length != DIGEST_SIZE)
		return crypto_error(error, "cannot compute a code");
	offset = digest[DIGEST_SIZE - 1] & 15U;
	number = ((uint32_t)digest[offset] & 127U) << 24 | (uint32_t)digest[offset + 1] << 16 |
		 (uint32_t)digest[offset + 2] << 8 | (uint32_t)digest[offset + 3];
	for (int i = 0; i < digits && i < DIGITS_MOST; i++)
		modulus *= 10;
	snprintf(ret, (size_t)digits + 1, "%0*u", digits, (unsigned)(number % modulus));
	explicit_bzero(digest, sizeof(digest));
	return 0;
}

int totp_find(const unsigned char key[TOTP_KEY], int64_t now, int64_t after, const char *code,
	      int64_t *ret_step, struct error *error)
{
	char given[TOTP_DIGITS + 1] = "", right[TOTP_DIGITS + 1];
	int64_t step = now / TOTP_STEP_S, found = -1;
	int result = 0;

	snprintf(given, sizeof(given), "%s", code);
	for (int i = -TOTP_WINDOW; i <= TOTP_WINDOW && result == 0; i++) {
		result = totp_code(key, TOTP_KEY, step + i, TOTP_DIGITS, right, error);
		/* The later one, where two steps have the same code. */
		if (result == 0 && CRYPTO_memcmp(given, right, sizeof(right)) == 0 &&
		    step + i > after)
			found = step + i;
	}
	explicit_bzero(right, sizeof(right));
	if (result == 0)
		*ret_step = strlen(code) == TOTP_DIGITS ? found : -1;
	return result;
}

void totp_print_key(const unsigned char key[TOTP_KEY], char ret[TOTP_TEXT])
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	size_t at = 0;
	uint32_t bits = 0;
	int count = 0;

	for (size_t i = 0; i < TOTP_KEY; i++) {
		bits = bits << 8 | key[i];
		for (count += 8; count >= 5; count -= 5)
			ret[at++] = letters[bits >> (count - 5) & 31];
	}
	ret[at] = '\0';
}
