// SPDX-License-Identifier: GPL-3.0-or-later
/* The DKIM keys of all domains, below /var/lib/postcask/keys/dkim:
 *
 *	DOMAIN/			see dkim/keys.h; root, and the group that signs
 *	public.json		what the DNS is to say; for everybody
 *	KeyTable, SigningTable	the same for opendkim
 *
 * public.json is a list of {"domain", "selector", "algorithm", "state", "since", "record"} of the
 * domains that the settings have; the keys of one that they had are kept and not listed. */
#ifndef POSTCASK_DKIM_STORE_H
#define POSTCASK_DKIM_STORE_H

#include <jansson.h>

#include "dkim/keys.h"

#define DKIM_FOLDER	"/var/lib/postcask/keys/dkim"
#define DKIM_PUBLIC	"public.json"
#define DKIM_KEY_TABLE	"KeyTable"
#define DKIM_SIGN_TABLE "SigningTable"
#define DKIM_GROUP	"postcask-dkim" /* amavis and opendkim */
#define DKIM_PUBLIC_MAX ((size_t)64 * 1024 * 1024)
#define DKIM_SELFTEST	"selftest.invalid" /* signed with the first domain's keys */

/* How long the record of a key that signs no more stays: five days in our queue, as many in
 * others', and what a reader's cache adds; and how long it says that it was taken back. */
enum { DKIM_DAY = 24 * 3600, DKIM_PREVIOUS_DAYS = 14, DKIM_REVOKED_DAYS = 365 };

struct dkim_store {
	char *folder;	/* owned */
	char *prefix;	/* owned: of new selectors */
	char *hostname; /* owned; mail of the machine itself is from there */
	char **domains; /* owned */
	size_t count;
	gid_t group; /* -1: no such group here, as in tests */
	int64_t now; /* seconds since 1970; 0: the clock's */
};

/* What they are by the settings, below `keys` ("/var/lib/postcask/keys"). */
_must_check_ int dkim_store_from_settings(const json_t *settings, const char *keys,
					  struct dkim_store *ret, struct error *error);
void dkim_store_clear(struct dkim_store *store);

/* One at a time: waits at most `timeout_ms`.  -ETIME. */
_must_check_ int dkim_store_lock(const struct dkim_store *store, int timeout_ms, int *ret_fd,
				 struct error *error);

struct dkim_made {
	size_t made;	/* domains for which something was made */
	size_t missing; /* domains that still have no key to sign with */
	size_t waiting; /* those, and those that have no next one */
};

/* Makes what is missing, on all processors: first of every domain the key that signs, then the
 * next one.  An RSA key takes 0.1 to 0.5 s: after `milliseconds` no more is begun but of the
 * first domain, and *ret says what is left for another run.  Then retires what is old and writes
 * the lists.  The lock must be held. */
_must_check_ int dkim_store_fill(const struct dkim_store *store, int milliseconds,
				 struct dkim_made *ret, struct error *error);

/* Takes back keys that have been `previous` for long enough, and forgets those that were taken
 * back long ago.  1 when something was changed. */
_must_check_ int dkim_keys_retire(const char *folder, int64_t now, struct dkim_keys *keys,
				  struct error *error);

/* Writes the three lists from the domains' folders, where they differ. */
_must_check_ int dkim_store_publish(const struct dkim_store *store, struct error *error);

/* The time, unless the store has one of its own. */
int64_t dkim_store_now(const struct dkim_store *store);

/* A domain's folder; owned by the caller, NULL when out of memory. */
char *dkim_store_folder(const struct dkim_store *store, const char *domain);

#endif
