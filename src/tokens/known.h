// SPDX-License-Identifier: GPL-3.0-or-later
/* The keys that the service has, as it keeps them on the disk and tells of them. */
#ifndef POSTCASK_TOKENS_KNOWN_H
#define POSTCASK_TOKENS_KNOWN_H

#include "tokens/issuer.h"
#include "tokens/keyring.h"

struct known {
	const char *state, *report; /* paths */
	const struct issuer *issuer;
	struct keyring ring;
	char *why;     /* owned: why the last question had no answer; NULL: it had one */
	int64_t since; /* seconds since 1970: when that began */
	int64_t saved;
	size_t passed_over;
};

/* What was kept of this issuer, if there is any. */
void known_recall(struct known *known);
void known_free(struct known *known);

/* Takes the issuer's answer, or that there was none; the log and the report hear of changes. */
void known_take(struct known *known, struct jwks *jwks, int64_t now, int64_t grace);
void known_fail(struct known *known, const struct error *error, int64_t now);

#endif
