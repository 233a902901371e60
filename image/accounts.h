// SPDX-License-Identifier: GPL-3.0-or-later
/* The machine's accounts with their fixed numbers: the part of sysusers.d(5)
 * that postcask uses, and what follows from it for passwd(5), group(5),
 * shadow(5) and gshadow(5).
 *
 *	u  NAME ID[:GROUP-ID] "GECOS" HOME SHELL	an account (and its group of
 *							the same number, unless GROUP-ID is given)
 *	g  NAME ID					a group
 *	m  USER GROUP					membership; both declared in this file
 *
 * systemd's own program is not there yet when the first package wants its
 * account, and it would number by chance; so the builder writes the lines. */
#ifndef POSTCASK_IMAGE_ACCOUNTS_H
#define POSTCASK_IMAGE_ACCOUNTS_H

#include <stddef.h>
#include <sys/types.h>

#include "base/buffer.h"
#include "base/error.h"

struct account {
	char *name;
	char *gecos;
	char *home;
	char *shell;
	uid_t uid; /* (uid_t)-1: a group only */
	gid_t gid;
};

struct membership {
	char *user;
	char *group;
};

struct accounts {
	struct account *accounts;
	size_t count;
	struct membership *memberships;
	size_t membership_count;
};

/* Lines to be appended to a fresh Debian's files of the same names. */
struct account_files {
	struct buffer passwd;
	struct buffer group;
	struct buffer shadow;
	struct buffer gshadow;
};

/* Reads the text of a sysusers.d file; `file` names it in errors.  Refuses
 * numbers that are missing, outside 100..999, or given twice, names given
 * twice, and memberships of what is not declared. */
_must_check_ int accounts_parse(const char *text, const char *file, struct accounts *accounts,
				struct error *error);

_must_check_ int accounts_load(const char *file, struct accounts *accounts, struct error *error);

void accounts_render(const struct accounts *accounts, struct account_files *files);

/* Compares a tree's passwd and group with the declarations: every declared
 * account has its number, and there is no other one from 100 to 999.  -EBADMSG
 * names the first that differs. */
_must_check_ int accounts_check(const struct accounts *accounts, const char *passwd,
				const char *group, struct error *error);

void account_files_free(struct account_files *files);
void accounts_free(struct accounts *accounts);

#endif
