// SPDX-License-Identifier: GPL-3.0-or-later
/* A picture (mirror.h) while it is put in: for mirror_put.c, and for mirror_one.c, which puts in
 * one person or alias. */
#ifndef POSTCASK_DIRECTORY_MIRROR_PUTTING_H
#define POSTCASK_DIRECTORY_MIRROR_PUTTING_H

#include "directory/directory.h"

/* A picture that is being put in. */
struct putting {
	struct directory *directory;
	struct change change;
	json_t *people, *aliases; /* what is here, by address: borrowed from `here` */
	json_t *doubles;
	json_t *seen; /* address -> true: what the picture has and may stay */
	bool moving;  /* what is a command's and the same changes hands (mirror_move.h) */
	json_t *differs;
	json_int_t moved;
	json_int_t put_people, put_aliases, left_out, noted, more;
};

/* Whether it came from the server that is mirrored. */
bool putting_is_ours(const struct putting *putting, const json_t *one);

/* A line of the record. */
_must_check_ int putting_note(struct putting *putting, const char *verb, const char *address,
			      const char *detail, struct error *error);

_must_check_ int putting_person(struct putting *putting, const json_t *one, struct error *error);

/* `named` has the picture's addresses as keys. */
_must_check_ int putting_alias(struct putting *putting, const json_t *named, const json_t *one,
			       struct error *error);

#endif
