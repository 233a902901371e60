// SPDX-License-Identifier: GPL-3.0-or-later
/* What an issuer of tokens says: its configuration (OpenID Connect Discovery 1.0 §4), and the
 * public keys that it signs with (RFC 7517).  Both are a stranger's bytes.
 *
 * A key is taken when it may sign (`use`), is RSA of 2048 to 8192 bits or a point on P-256 or
 * P-384, and has a name that can be a file's.  Others are passed over and counted: secrets (`oct`),
 * curves that Dovecot does not know, keys whose private half stands beside them, certificates
 * alone. */
#ifndef POSTCASK_TOKENS_JWKS_H
#define POSTCASK_TOKENS_JWKS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum {
	JWKS_SIZE = 256 * 1024, /* bytes of either answer */
	JWKS_KEYS = 32,		/* that are taken; more is no answer */
	JWKS_ENTRIES = 256,	/* that are looked at; more is no answer */
	JWKS_NAME = 200,	/* bytes of a key's name */
	JWKS_URL = 2048,
};

/* In the order of their bits. */
extern const char *const jwks_algorithms[];
extern const size_t jwks_algorithm_count;

struct jwks_key {
	char name[JWKS_NAME + 1]; /* its `kid`; "default" for one without */
	unsigned algorithms;	  /* a bit for each that it may sign by */
	char *pem;		  /* owned */
};

struct jwks {
	struct jwks_key keys[JWKS_KEYS];
	size_t count, passed_over;
};

void jwks_free(struct jwks *jwks); /* for _cleanup_(jwks_free) */

/* To be freed in any case.  -EBADMSG for what is no set of keys, has none that can be taken, or two
 * of one name. */
_must_check_ int jwks_parse(const char *text, size_t size, struct jwks *ret, struct error *error);

/* Where the issuer has its keys: of its configuration, which must be its own and lead to https. */
_must_check_ int jwks_find(const char *text, size_t size, const char *issuer,
			   char ret_url[JWKS_URL + 1], struct error *error);

/* Can it be a part of the path where Dovecot looks (RFC 7517 has no bounds for it)?  1 to JWKS_NAME
 * bytes of visible ASCII, no dot at the front. */
bool jwks_is_name(const char *name);

#endif
