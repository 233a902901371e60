// SPDX-License-Identifier: GPL-3.0-or-later
/* MTA-STS policies that are kept over a restart: an SQLite file of our own.
 *
 * A policy holds for its max_age from when it was fetched, whatever becomes of the network: that
 * is what protects from who can cut it off.  A file that is damaged is put aside and begun anew,
 * and without one the service goes on with what it fetches. */
#ifndef POSTCASK_OUTWARD_STORE_H
#define POSTCASK_OUTWARD_STORE_H

#include <stdint.h>

#include "base/error.h"
#include "outward/netstring.h"
#include "outward/sts.h"

enum {
	STORE_POLICIES = 20000, /* the one that nobody needed for longest makes room */
	STORE_REFRESH = 24 * 60 * 60,
	STORE_TRY_AGAIN = 60 * 60,	/* of one that could not be fetched anew */
	STORE_USED = 30 * 24 * 60 * 60, /* what nobody needs is not fetched anew, and ends */
};

struct sts_store;

/* One policy as it is kept; times are seconds of the wall clock. */
struct sts_store_policy {
	struct sts_policy policy;
	char id[STS_ID_SIZE]; /* of the record that led to it */
	int64_t fetched;
};

#define STORE_POLICY_INIT ((struct sts_store_policy){0})

/* Never NULL but without memory.  What is wrong is said in `error` and leaves a store that keeps
 * nothing. */
struct sts_store *sts_store_open(const char *path, struct error *error);
void sts_store_close(struct sts_store **store); /* for _cleanup_ */

/* False when there is none that holds. */
_must_check_ bool sts_store_get(struct sts_store *store, const char *domain, int64_t now,
				struct sts_store_policy *ret);

/* Keeps it in place of what there is. */
_must_check_ int sts_store_put(struct sts_store *store, const char *domain,
			       const struct sts_store_policy *policy, int64_t now,
			       struct error *error);

/* Somebody needed it: noted once a day. */
void sts_store_use(struct sts_store *store, const char *domain, int64_t now);

/* One that is older than a day and needed; it is not named again for STORE_TRY_AGAIN. */
_must_check_ bool sts_store_stale(struct sts_store *store, int64_t now,
				  char ret_domain[OUTWARD_NAME]);

/* It holds still: max_age, which is of at most a year. */
bool sts_store_policy_holds(const struct sts_store_policy *policy, int64_t now);
/* It is to be fetched anew, though it holds. */
bool sts_store_policy_is_old(const struct sts_store_policy *policy, int64_t now);
void sts_store_policy_clear(struct sts_store_policy *policy); /* for _cleanup_ */

#endif
