// SPDX-License-Identifier: GPL-3.0-or-later
/* Making DKIM keys, and putting them into the places that are empty. */
#ifndef POSTCASK_DKIM_MAKE_H
#define POSTCASK_DKIM_MAKE_H

#include <sys/types.h>

#include "dkim/keys.h"

/* Whose keys, and how they are called. */
struct dkim_place {
	const char *folder; /* the domain's; made (0750) when missing */
	const char *prefix; /* of selectors: "pc" gives pcr-202611 and pce-202611 */
	gid_t group;	    /* who may read; -1: whoever it is already */
	int64_t now;	    /* seconds since 1970 */
};

/* Makes a private key under a selector that no other has, and adds it to `keys`, which are not
 * written.  *ret points into `keys`. */
_must_check_ int dkim_key_make(const struct dkim_place *place, enum dkim_state state,
			       enum dkim_algorithm algorithm, struct dkim_keys *keys,
			       struct dkim_key **ret, struct error *error);

/* Makes what is missing of the current keys, and with `next` of the next ones too: a key whose
 * file is lost counts as missing, and if its successor is there that one takes its place.  A
 * `keys` file that cannot be read is put aside.  Files that belong to no key are removed.  1 when
 * something was changed, 0 when all was there; *ret is what there is now.  Safe at any
 * instruction: the private file is on the disk before the line that names it. */
_must_check_ int dkim_place_fill(const struct dkim_place *place, bool next, struct dkim_keys *ret,
				 struct error *error);

/* Is there nothing to make?  As above, but only looks. */
bool dkim_place_full(const struct dkim_place *place, bool next);

#endif
