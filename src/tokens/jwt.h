// SPDX-License-Identifier: GPL-3.0-or-later
/* One token (RFC 7519, as a signed JWT: RFC 7515 §3.1), which a stranger shows: whether it is the
 * issuer's, for this server, of now, and whose mailbox it names.
 *
 * Whoever signed it chose the algorithm and the key's name, so both only find a key that was taken
 * for that very algorithm; a secret is never a key.  Nothing of the claims is looked at before the
 * signature is good (RFC 8725). */
#ifndef POSTCASK_TOKENS_JWT_H
#define POSTCASK_TOKENS_JWT_H

#include "base/slice.h"
#include "tokens/issuer.h"
#include "tokens/keyring.h"

enum {
	JWT_SIZE = 8192,
	JWT_ADDRESS = 320,
	JWT_SKEW = 60, /* seconds that the issuer's clock may be ahead */
};

enum jwt_outcome {
	JWT_GOOD,
	JWT_BAD,
	JWT_UNKNOWN, /* the key is not there: it may be new */
};

/* *ret_address: the mailbox, in lower case; only of a good one.  *ret_why: a clause, of the others.
 */
enum jwt_outcome jwt_judge(struct slice token, const struct issuer *issuer,
			   const struct keyring *ring, int64_t now,
			   char ret_address[JWT_ADDRESS + 1], const char **ret_why);

#endif
