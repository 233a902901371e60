// SPDX-License-Identifier: GPL-3.0-or-later
/* Second factors: one of a person, in force once it is confirmed.  From then on his main password
 * lets in nowhere where a password is all that is asked for; the view that Dovecot reads has no row
 * of him.  What is changed is changed in a change that is begun. */
#ifndef POSTCASK_DIRECTORY_SECRETS_FACTOR_H
#define POSTCASK_DIRECTORY_SECRETS_FACTOR_H

#include "directory/secrets.h"

enum { FACTOR_CODES = 10 /* for when the device is lost */ };

/* {secret: sealed, made, confirmed: null while it is not, step: the last that was used, wrong: how
 * many in a row, until: nothing is looked at before, codes: how many are left}; NULL where there is
 * none. */
_must_check_ int secrets_factor_find(struct secrets *secrets, const char *address, json_t **ret,
				     struct error *error);

/* Whether it is confirmed; none is not. */
static inline bool secrets_factor_in_force(const json_t *factor)
{
	return json_is_integer(json_object_get(factor, "confirmed"));
}

/* One that is not confirmed, in place of another such one. */
_must_check_ int secrets_factor_put(struct secrets *secrets, const char *address,
				    const char *sealed, int64_t now, struct error *error);
_must_check_ int secrets_factor_confirm(struct secrets *secrets, const char *address, int64_t now,
					struct error *error);

/* After a guess: a right one has the step that it used, and 0 and 0. */
_must_check_ int secrets_factor_tried(struct secrets *secrets, const char *address, int64_t step,
				      int64_t wrong, int64_t until, struct error *error);
_must_check_ int secrets_factor_drop(struct secrets *secrets, const char *address,
				     struct error *error);

/* Forgets his codes; adds the hash of one. */
_must_check_ int secrets_recovery_forget(struct secrets *secrets, const char *address,
					 struct error *error);
_must_check_ int secrets_recovery_add(struct secrets *secrets, const char *address,
				      const char *hash, struct error *error);

/* Whether it was one of his; it is none any more. */
_must_check_ int secrets_recovery_use(struct secrets *secrets, const char *address,
				      const char *hash, bool *ret, struct error *error);

/* Adds the addresses of those who have one in force. */
_must_check_ int secrets_list_factors(struct secrets *secrets, json_t *list, struct error *error);

/* How many app passwords of his let somebody in now. */
_must_check_ int secrets_count_good(struct secrets *secrets, const char *address, int64_t now,
				    int64_t *ret, struct error *error);

#endif
