// SPDX-License-Identifier: GPL-3.0-or-later
/* Where the people of a directory server or a database are, and what their addresses are called
 * there: a kind's own words, and what the settings say instead (etc/postcask/mirror).  A line is a
 * word and what it says, as src/directory/apply.c has them. */
#ifndef POSTCASK_MIRROR_TREE_H
#define POSTCASK_MIRROR_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum { TREE_SERVERS = 8, TREE_ATTRIBUTES = 32 };

struct tree {
	char *text; /* owned: what all the others point into */
	const char *servers[TREE_SERVERS + 1];
	const char *database, *user; /* of PostgreSQL; the database is NULL where it is LDAP */
	const char *base, *bind_dn, *password, *ca;
	const char *people, *groups; /* filters */
	const char *address, *alias; /* attributes; `alias` may be a list with blanks between */
	const char *name, *quota;    /* "": none */
	const char *rules;	     /* likewise: a Sieve script */
	const char *mark, *hold, *spam, *banned, *allow, *block; /* likewise: see choices.h */
	const char *members;					 /* a list, likewise */
	const char *lock;	/* says who may not log in: see tree_kind */
	long lock_bit;		/* a bit of a number, or 0: "TRUE" */
	bool proxies;		/* addresses are as in AD's proxyAddresses */
	bool behind;		/* addresses alone: of a gateway, who is on the server behind it */
	const char *recipients; /* a filter in place of `people`, behind a gateway; NULL: none */
	unsigned interval_s;
};

/* -EINVAL with the line that is wrong; an empty file is one without servers. */
_must_check_ int tree_parse(char *text, struct tree *ret, struct error *error);
_must_check_ int tree_load(const char *path, struct tree *ret, struct error *error);
void tree_free(struct tree *tree);

/* The attributes that are asked for, in `words`, which has the room: NULL ends them.  They point
 * into `room`, which is the caller's. */
void tree_attributes(const struct tree *tree, char **room, char *words[TREE_ATTRIBUTES + 1]);

#endif
