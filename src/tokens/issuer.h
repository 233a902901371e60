// SPDX-License-Identifier: GPL-3.0-or-later
/* What the settings say of the issuer, as it is rendered into a file:
 *
 *	issuer URL
 *	keys URL		where its keys are; else its configuration says so
 *	audience ID		whom tokens are for
 *	client ID		each program whose tokens count
 *	scope WORD		which they must have
 *	claim NAME		names the mailbox
 *	unverified yes		also who has not proved his address to the issuer
 *
 * and beside it FILE.ca, the authorities of its https if they are others than all the world's, and
 * FILE.keys, the keys themselves where it is asked nothing; both may be empty. */
#ifndef POSTCASK_TOKENS_ISSUER_H
#define POSTCASK_TOKENS_ISSUER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum { ISSUER_CLIENTS = 31 };

struct issuer {
	char *text; /* owned: the others point into it */
	const char *url, *keys, *audience, *claim;
	const char *scope; /* NULL: any */
	bool unverified;
	const char *clients[ISSUER_CLIENTS];
	size_t client_count;
	char *authorities; /* owned: a path */
	char *given;	   /* owned: a set of keys; NULL when it is fetched */
	size_t given_size;
};

void issuer_free(struct issuer *issuer); /* for _cleanup_(issuer_free) */

_must_check_ int issuer_load(const char *path, struct issuer *ret, struct error *error);

/* Where its configuration is (OpenID Connect Discovery 1.0 §4).  Owned by the caller; NULL when
 * out of memory. */
char *issuer_configuration_url(const char *url);

#endif
