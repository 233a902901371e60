// SPDX-License-Identifier: GPL-3.0-or-later
/* Asks the issuer for its keys, step by step: for its configuration, unless the settings say where
 * they are, then for them.  It never waits. */
#ifndef POSTCASK_TOKENS_ASKER_H
#define POSTCASK_TOKENS_ASKER_H

#include "tokens/fetch.h"
#include "tokens/issuer.h"
#include "tokens/jwks.h"

enum asker_step { ASKER_IDLE, ASKER_CONFIGURATION, ASKER_KEYS };

struct asker {
	const struct issuer *issuer;
	struct fetch fetch;
	enum asker_step step;
};

/* -EIO, and why, when it cannot begin.  Nothing while it is under way. */
_must_check_ int asker_begin(struct asker *asker, struct error *error);

/* True when it is over: 0 in *ret_result and the keys, to be freed in any case, with the seconds
 * that they hold (0: unsaid), or why there are none. */
_must_check_ bool asker_work(struct asker *asker, int *ret_result, struct jwks *ret,
			     long long *ret_seconds, struct error *error);

#endif
