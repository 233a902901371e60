// SPDX-License-Identifier: GPL-3.0-or-later
/* The service: has the issuer's keys, and answers Dovecot whether a token is good.
 *
 * Keys are on the disk as well, so that a boot needs no issuer.  One process does both without ever
 * waiting for either; it holds no secret, and what strangers say is read by jwt.h and jwks.h. */
#ifndef POSTCASK_TOKENS_SERVICE_H
#define POSTCASK_TOKENS_SERVICE_H

#include "base/error.h"

/* Seconds between two questions to the issuer. */
enum {
	TOKENS_SOON = 10,     /* while there is no key, and for one that is not known */
	TOKENS_OFTEN = 60,    /* after one without an answer */
	TOKENS_KEPT = 300,    /* after an answer that does not say how long it holds */
	TOKENS_SELDOM = 3600, /* however long it says */
};

struct tokens_paths {
	const char *settings, *state, *report;
	unsigned port;
	unsigned hurry; /* waits are so many times as short; 0: as they are */
};

/* Until a signal ends it. */
_must_check_ int tokens_run(const struct tokens_paths *paths, struct error *error);

/* Whether the settings' file, and the keys in it, can be used; an empty one can. */
_must_check_ int tokens_check(const char *settings, struct error *error);

#endif
