// SPDX-License-Identifier: GPL-3.0-or-later
/* The DKIM keys of one domain, which lie in a folder of its name:
 *
 *	keys			what each key is, a line each; replaced as a whole
 *	SELECTOR.pem		a private key
 *
 * A line of `keys` is "STATE ALGORITHM SELECTOR SINCE RECORD": what the key is now, of which
 * kind, its name in the DNS, since when it is what it is (seconds since 1970), and its public
 * half in base64, "-" of one that was taken back.  Whoever signs reads the file for each message
 * (perl/Postcask/Sign.pm), so a change of keys is one rename: there are the old ones or the new.
 *
 *	next		published, and signs when it is seen everywhere
 *	current		signs
 *	previous	signs no more; what it signed may still be under way
 *	revoked		its record says that it is good for nothing */
#ifndef POSTCASK_DKIM_KEYS_H
#define POSTCASK_DKIM_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum dkim_state { DKIM_NEXT, DKIM_CURRENT, DKIM_PREVIOUS, DKIM_REVOKED, DKIM_STATES };
enum dkim_algorithm { DKIM_RSA, DKIM_ED25519, DKIM_ALGORITHMS };

/* In one domain; more can only come of changes by force, day after day. */
enum { DKIM_KEYS_MAX = 64, DKIM_SELECTOR_SIZE = 64, DKIM_KEYS_FILE_MAX = 64 * 1024 };

#define DKIM_KEYS_FILE "keys"

struct dkim_key {
	enum dkim_state state;
	enum dkim_algorithm algorithm;
	char selector[DKIM_SELECTOR_SIZE];
	int64_t since;
	char *public; /* owned, base64; NULL when it was taken back */
};

struct dkim_keys {
	struct dkim_key list[DKIM_KEYS_MAX];
	size_t count;
};

const char *dkim_state_name(enum dkim_state state);
const char *dkim_algorithm_name(enum dkim_algorithm algorithm);

/* The lines of a `keys` file.  -EBADMSG and which line is none. */
_must_check_ int dkim_keys_parse(const char *text, struct dkim_keys *ret, struct error *error);

/* Of the domain's folder.  -ENOENT when there are none yet. */
_must_check_ int dkim_keys_read(const char *folder, struct dkim_keys *ret, struct error *error);

/* Replaces the folder's file at once; it gets the group of the folder. */
_must_check_ int dkim_keys_write(const char *folder, const struct dkim_keys *keys,
				 struct error *error);

/* The first of that kind, or NULL. */
struct dkim_key *dkim_keys_find(struct dkim_keys *keys, enum dkim_state state,
				enum dkim_algorithm algorithm);

/* Room for one more; -ENOSPC. */
_must_check_ int dkim_keys_add(struct dkim_keys *keys, struct dkim_key **ret, struct error *error);
void dkim_keys_remove(struct dkim_keys *keys, struct dkim_key *key);

/* What the DNS is to say at SELECTOR._domainkey.DOMAIN.  Owned by the caller; NULL when out of
 * memory. */
char *dkim_key_record(const struct dkim_key *key);

/* SELECTOR.pem below the folder.  Owned by the caller; NULL when out of memory. */
char *dkim_key_path(const char *folder, const char *selector);

void dkim_keys_clear(struct dkim_keys *keys);

#endif
