// SPDX-License-Identifier: GPL-3.0-or-later
/* What a directory server says of people, made of its entries: who has which address, further ones
 * as aliases, and groups as aliases to their members.  Nothing here asks or waits, and whatever an
 * entry holds is a stranger's text: what is no address is left out and counted.
 *
 * An entry is {"dn": "uid=alice,...", "mail": ["alice@example.org", ...], ...}, with attributes in
 * small letters, as search.c makes them.
 *
 * Of two entries that claim one address the one whose DN comes first has it, a person's own address
 * before further ones and those before groups; the other is left out and named. */
#ifndef POSTCASK_MIRROR_PICTURE_H
#define POSTCASK_MIRROR_PICTURE_H

#include <jansson.h>

#include "mirror/tree.h"

enum {
	PICTURE_ENTRIES = 120000,
	PICTURE_VALUES = 5000,	   /* of an attribute; of one with more there are none */
	PICTURE_VALUE = 1024,	   /* bytes */
	PICTURE_RULES = 32 * 1024, /* likewise, of tree.rules */
	PICTURE_SHOWN = 20,	   /* doubles that are named */
};

/* In an entry: an attribute had more than PICTURE_VALUES. */
#define PICTURE_TOO_MANY "dn too many"

struct picture {
	const struct tree *tree;
	json_t *people, *groups; /* owned: entries, as they came */
	size_t left_out;	 /* lists that were too long */
};

_must_check_ int picture_begin(struct picture *picture, const struct tree *tree,
			       struct error *error);
void picture_free(struct picture *picture);

/* An entry of one kind or the other. -E2BIG when there are too many. */
_must_check_ int picture_add(struct picture *picture, const json_t *entry, bool group,
			     struct error *error);

/* *ret: {"people": [{"address", "dn", "name", "quota_mib", "enabled",
 * "rules", "filter" (choices.h)}, ...], of which the last two may be missing,
 * "aliases": [{"address", "to": [...]}, ...], "doubles": [...], "left_out": 3}, in an order of its
 * own.  Addresses are in small letters; what they are good for is postcask-directory's to say.
 * Behind a gateway (tree.h) "people" are {"address"}, of people and of groups, and there are no
 * aliases. */
_must_check_ int picture_finish(struct picture *picture, json_t **ret, struct error *error);

/* A DN in one form, so that equal ones are equal texts; NULL for what is none.  The caller's. */
char *picture_dn(const char *text);

#endif
