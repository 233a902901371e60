// SPDX-License-Identifier: GPL-3.0-or-later
/* One person of a picture (mirror.h), as he is to be stored. */
#ifndef POSTCASK_DIRECTORY_MIRROR_PERSON_H
#define POSTCASK_DIRECTORY_MIRROR_PERSON_H

#include "directory/directory.h"

struct mirror_person {
	struct account account; /* its texts are the picture's, or those below */
	const char *dn;		/* where his password is asked for; "": it is not */
	char *hash;		/* owned: of his password; NULL: none is right */
	char *language;		/* owned */
	json_t *forward;	/* owned */
	json_t *filter;		/* owned: accounts_filter.h; NULL: as for everybody */
	json_int_t left_out;	/* values that are no good, and are as if they were not there */
};

/* `address` is as it is stored.  False for who cannot be here at all: of a directory server,
 * without a DN. */
bool mirror_person_take(struct directory *directory, const json_t *one, const char *address,
			struct mirror_person *ret);
void mirror_person_free(struct mirror_person *person);

/* What lets him in.  1 when it is changed, 0 when it is that already. */
_must_check_ int mirror_person_let_in(struct directory *directory,
				      const struct mirror_person *person, struct error *error);

#endif
