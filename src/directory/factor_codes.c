// SPDX-License-Identifier: GPL-3.0-or-later
/* A code of the device is six digits and good once; after five wrong ones in a row the next is
 * looked at in a minute, then in two, up to a day.  A recovery code has 80 bits, which nobody
 * guesses: it is looked at in any case, so that who keeps guessing shuts nobody out. */
#include "directory/factor_codes.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "base/json_file.h"
#include "base/typed.h"
#include "directory/seal.h"
#include "directory/secrets_factor.h"
#include "directory/totp.h"

enum {
	RECOVERY_LETTERS = 16,
	WRONG_FREE = 5,
	PAUSE_FIRST_S = 60,
	PAUSE_MOST_S = 24 * 60 * 60,
};

/* ---- Codes ---- */

int factor_take_code(const json_t *question, char ret[FACTOR_CODE_TYPED], struct error *error)
{
	const char *text = json_text(question, "code");
	size_t size = 0;

	for (size_t i = 0; text[i]; i++) {
		bool capital = text[i] >= 'A' && text[i] <= 'Z';

		if (i >= FACTOR_CODE_TYPED - 1)
			return error_set(error, EINVAL, "a code is shorter than that");
		if (text[i] != ' ' && text[i] != '-')
			ret[size++] = (char)(capital ? text[i] - 'A' + 'a' : text[i]);
	}
	ret[size] = '\0';
	return 0;
}

static bool is_recovery(const char *code)
{
	return strlen(code) == RECOVERY_LETTERS && strspn(code, TYPED_LETTERS) == RECOVERY_LETTERS;
}

/* It has 80 bits of its own; the address makes two people's differ.  Dashes are no part of it. */
static int hash_recovery(const char *address, const char *code, char hash[DIGEST_TEXT_SIZE],
			 struct error *error)
{
	EVP_MD_CTX *digest = digest_begin();

	if (!digest)
		return error_set(error, ENOMEM, "out of memory");
	digest_add(digest, address, strlen(address) + 1);
	for (size_t size; *code; code += size + (code[size] == '-')) {
		size = strcspn(code, "-");
		digest_add(digest, code, size);
	}
	digest_finish(digest, hash);
	return 0;
}

int factor_put_codes(struct directory *directory, const char *address, json_t *codes,
		     struct error *error)
{
	int result = secrets_recovery_forget(&directory->secrets, address, error);

	for (int i = 0; i < FACTOR_CODES && result == 0; i++) {
		char code[TYPED_SIZE(RECOVERY_LETTERS)] = "", hash[DIGEST_TEXT_SIZE];

		result = typed_make(code, RECOVERY_LETTERS, error);
		if (result == 0)
			result = hash_recovery(address, code, hash, error);
		if (result == 0)
			result = secrets_recovery_add(&directory->secrets, address, hash, error);
		if (result == 0)
			json_array_append_new(codes, json_string(code));
		explicit_bzero(code, sizeof(code));
	}
	return result;
}

/* ---- Guesses ---- */

static int64_t pause_after(int64_t wrong)
{
	int64_t pause = PAUSE_FIRST_S;

	if (wrong < WRONG_FREE)
		return 0;
	for (int64_t i = WRONG_FREE; i < wrong && pause < PAUSE_MOST_S; i++)
		pause *= 2;
	return pause < PAUSE_MOST_S ? pause : PAUSE_MOST_S;
}

static int find_step(struct directory *directory, const char *address, const json_t *factor,
		     const char *code, int64_t now, int64_t *ret_step, struct error *error)
{
	unsigned char key[TOTP_KEY];
	int result = seal_open(directory->factor_key, address, json_text(factor, "secret"), key,
			       sizeof(key), error);

	if (result < 0)
		return error_wrap(error,
				  "the second factor of %s cannot be read; remove it, and set it "
				  "up anew",
				  address);
	result = totp_find(key, now, json_number(factor, "step"), code, ret_step, error);
	explicit_bzero(key, sizeof(key));
	return result;
}

/* A clock that was set back makes nobody wait for longer than a day. */
static int try_code(struct directory *directory, const char *address, const json_t *factor,
		    const char *code, int64_t now, struct guess *ret, struct error *error)
{
	int64_t until = json_number(factor, "until"), step = -1;
	int64_t wrong = json_number(factor, "wrong");
	int result;

	if (until > now && until <= now + PAUSE_MOST_S) {
		ret->wait = until - now;
		return 0;
	}
	result = find_step(directory, address, factor, code, now, &step, error);
	if (result < 0)
		return result;
	ret->good = step >= 0;
	if (ret->good)
		return secrets_factor_tried(&directory->secrets, address, step, 0, 0, error);
	ret->wait = pause_after(++wrong);
	return secrets_factor_tried(&directory->secrets, address, json_number(factor, "step"),
				    wrong, ret->wait ? now + ret->wait : 0, error);
}

static int try_recovery(struct directory *directory, const char *address, const json_t *factor,
			const char *code, const struct change *change, struct guess *ret,
			struct error *error)
{
	struct secrets *secrets = &directory->secrets;
	char hash[DIGEST_TEXT_SIZE];
	int result = hash_recovery(address, code, hash, error);

	ret->recovery = true;
	if (result == 0)
		result = secrets_recovery_use(secrets, address, hash, &ret->good, error);
	if (result < 0 || !ret->good)
		return result;
	result = secrets_factor_tried(secrets, address, json_number(factor, "step"), 0, 0, error);
	return result < 0 ? result
			  : secrets_note(secrets, change, "factor-recovery", address, "", error);
}

int factor_try(struct directory *directory, const char *address, const json_t *factor,
	       const char *code, const struct change *change, struct guess *ret,
	       struct error *error)
{
	return is_recovery(code)
		   ? try_recovery(directory, address, factor, code, change, ret, error)
		   : try_code(directory, address, factor, code, change->now, ret, error);
}
