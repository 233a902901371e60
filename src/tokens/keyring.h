// SPDX-License-Identifier: GPL-3.0-or-later
/* Which keys count: those that the issuer said last, and for a while those that it says no more.
 * Nothing here asks or waits.
 *
 * What came whole is believed, but an answer that has less than the one before may be half of one:
 * a key goes when it has been missing from every answer for KEYRING_GRACE seconds.  While there are
 * no answers nothing goes. */
#ifndef POSTCASK_TOKENS_KEYRING_H
#define POSTCASK_TOKENS_KEYRING_H

#include <jansson.h>
#include <stdint.h>

#include "tokens/jwks.h"

enum {
	KEYRING_KEYS = 2 * JWKS_KEYS, /* those that go have room beside those that came */
	KEYRING_GRACE = 15 * 60,
};

struct keyring_key {
	struct jwks_key key;
	int64_t gone; /* seconds since 1970: since when the issuer does not say it; 0: it does */
};

struct keyring {
	struct keyring_key keys[KEYRING_KEYS];
	size_t count;
	int64_t fetched; /* the last good answer; 0: none yet */
};

/* What a change of it means. */
enum keyring_change {
	KEYRING_CHANGED = 1 << 0,
	KEYRING_DROPPED = 1 << 1, /* a key that was good is not any more */
};

void keyring_free(struct keyring *ring); /* for _cleanup_(keyring_free) */

/* Takes an answer, whose keys become the ring's.  `grace` in seconds.  What has changed. */
unsigned keyring_take(struct keyring *ring, struct jwks *jwks, int64_t now, int64_t grace);

/* For the disk.  NULL when out of memory. */
json_t *keyring_write(const struct keyring *ring, const char *issuer);

/* Of what was written; empty, and false, when that is of another issuer or was damaged. */
bool keyring_read(struct keyring *ring, const json_t *kept, const char *issuer);

#endif
