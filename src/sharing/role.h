// SPDX-License-Identifier: GPL-3.0-or-later
/* What somebody may do in a folder that others share: four roles, each a set of Dovecot's rights
 * (RFC 4314).  One table for the settings' public folders, for `postcask share` and for whoever
 * else gives people folders of others.
 *
 * Each role has all rights of the one before it.  What each may do, operation by operation, is
 * the table of postcask-share(8), which tests/native/test_sharing.py tries. */
#ifndef POSTCASK_SHARING_ROLE_H
#define POSTCASK_SHARING_ROLE_H

#include <stdbool.h>

struct share_role {
	const char *name;
	const char *letters; /* as IMAP and dovecot.conf write them */
	/* The same for the top of a public folder, which the settings make and nobody else
	 * removes. */
	const char *kept_letters;
	const char *rights; /* as `doveadm acl` writes them, in its order */
	const char *sentence;
	bool sends; /* as a shared mailbox that somebody is a member of, if nothing else is said */
};

/* In order; an entry without a name ends it. */
extern const struct share_role share_roles[];

/* By its name; NULL: there is none. */
const struct share_role *share_role_find(const char *name);

/* The role that has exactly these rights, words with a blank between in any order; NULL: none. */
const struct share_role *share_role_of(const char *rights);

#endif
