// SPDX-License-Identifier: GPL-3.0-or-later
/* Of apply.c: the settings' lines that are read, and what is put of them. */
#ifndef POSTCASK_DIRECTORY_APPLY_PRIVATE_H
#define POSTCASK_DIRECTORY_APPLY_PRIVATE_H

#include "directory/directory.h"

/* What the lines so far belong to. */
struct reading {
	struct directory *directory;
	struct change change;
	unsigned line;
	struct account user; /* address NULL: none */
	const char *hash;
	json_t *forward;   /* owned; of the user */
	json_t *filter;	   /* owned; what is said of the user above, not looked at yet */
	json_t *members;   /* owned: of the user, who is a shared mailbox then; NULL: he is not */
	const char *alias; /* NULL: none */
	json_t *to, *who;  /* owned */
	const char *login;
	const char *mirrored; /* an origin; NULL: nobody is */
};

/* Puts what the lines so far make together: a person, a shared mailbox or an alias. */
_must_check_ int apply_put(struct reading *reading, struct error *error);

/* Reads all lines, and puts what they say, in a change that is begun. */
_must_check_ int apply_lines(struct reading *reading, char *text, struct error *error);

#endif
