// SPDX-License-Identifier: GPL-3.0-or-later
/* Passwords of six digits that are good for half a minute (TOTP, RFC 6238, with the values that
 * every such program knows: SHA-1, 30 seconds), and the key as people and programs write it. */
#ifndef POSTCASK_DIRECTORY_TOTP_H
#define POSTCASK_DIRECTORY_TOTP_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum {
	TOTP_KEY = 20, /* bytes: those of SHA-1 (RFC 4226 §4, R6) */
	TOTP_DIGITS = 6,
	TOTP_STEP_S = 30,
	TOTP_WINDOW = 1,			/* steps before and after, for clocks that differ */
	TOTP_TEXT = (TOTP_KEY * 8 + 4) / 5 + 1, /* in Base32, with its NUL */
};

/* Writes the code of a step, `digits` digits and a NUL: HOTP of RFC 4226 §5.3. */
_must_check_ int totp_code(const unsigned char *key, size_t size, int64_t step, int digits,
			   char *ret, struct error *error);

/* The step of a time whose code this is, among those of the window that come after `after`; -1
 * where it is none of them.  It takes as long for each. */
_must_check_ int totp_find(const unsigned char key[TOTP_KEY], int64_t now, int64_t after,
			   const char *code, int64_t *ret_step, struct error *error);

/* Base32 without padding (RFC 4648). */
void totp_print_key(const unsigned char key[TOTP_KEY], char ret[TOTP_TEXT]);

#endif
