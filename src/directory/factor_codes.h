// SPDX-License-Identifier: GPL-3.0-or-later
/* Codes of a second factor: those of the device and those for when it is lost. */
#ifndef POSTCASK_DIRECTORY_FACTOR_CODES_H
#define POSTCASK_DIRECTORY_FACTOR_CODES_H

#include "directory/directory.h"

enum { FACTOR_CODE_TYPED = 64 /* bytes, blanks and dashes among them */ };

/* A code of the question as it is compared: in small letters, without the blanks and dashes that
 * people type. */
_must_check_ int factor_take_code(const json_t *question, char ret[FACTOR_CODE_TYPED],
				  struct error *error);

/* New recovery codes, in place of those he has; added as they are shown, in groups. */
_must_check_ int factor_put_codes(struct directory *directory, const char *address, json_t *codes,
				  struct error *error);

struct guess {
	bool good;
	bool recovery; /* what was tried is a recovery code */
	int64_t wait;  /* seconds, before which none is looked at */
};

/* Tries a code in a change that is begun, which is to be ended well also where it is wrong.
 * `factor` is of secrets_factor_find. */
_must_check_ int factor_try(struct directory *directory, const char *address, const json_t *factor,
			    const char *code, const struct change *change, struct guess *ret,
			    struct error *error);

#endif
