// SPDX-License-Identifier: GPL-3.0-or-later
/* The addresses of this machine, users' and aliases', as postcask-directory has them: who may be
 * told what was kept from him. */
#ifndef POSTCASK_QUARANTINE_RESIDENTS_H
#define POSTCASK_QUARANTINE_RESIDENTS_H

#include <jansson.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/error.h"

struct resident {
	char *address;	    /* owned; in small letters */
	struct buffer list; /* for the digest: what was kept from this address */
	size_t count;	    /* of messages, those that the list leaves out too */
};

struct residents {
	struct resident *residents; /* owned, sorted by address */
	size_t count;
};

#define RESIDENTS_INIT ((struct residents){0})

/* Asks postcask-directory. */
_must_check_ int residents_load(struct residents *residents, struct error *error);

/* From a list of texts. */
_must_check_ int residents_take(const json_t *addresses, struct residents *residents,
				struct error *error);

/* Whose address it is, in letters of any size and with anything behind a '+'; NULL when
 * it is nobody's here. */
struct resident *residents_find(const struct residents *residents, const char *address);

void residents_free(struct residents *residents);

#endif
