// SPDX-License-Identifier: GPL-3.0-or-later
/* Who shares a person's folders: read and changed by `doveadm acl`, which runs as the account of
 * the mailboxes and not as root, for the files that it writes lie among the mail.
 *
 * Dovecot keeps the rights of each folder in a file of its own beside the mail (dovecot-acl), and
 * who shares with whom in one map for all, from which a session knows whose folders to list.  A
 * folder that is made takes the rights of the one above it; nothing is inherited later.
 *
 * Owner and person are addresses in the one form that logins have (base/login.h); a folder is
 * named in UTF-8 as its owner sees it, with / between. */
#ifndef POSTCASK_SHARING_SHARE_H
#define POSTCASK_SHARING_SHARE_H

#include <stdbool.h>

#include <jansson.h>

#include "base/error.h"
#include "sharing/role.h"

/* Whether folders are shared on this machine: without it rights would be kept, and nobody could
 * come by them.  -EOPNOTSUPP if not, with a sentence. */
_must_check_ int share_check_on(struct error *error);

/* The owner's own folders, as a list of texts: all of them (`folder` NULL), that one, or also those
 * below it.  -ENOENT when there is no such folder. */
_must_check_ int share_folders(const char *owner, const char *folder, bool below, json_t **ret,
			       struct error *error);

/* Appends to `list` who shares the folder, each as an object: owner, folder, who, role ("" when the
 * rights are no role's) and rights.  What Dovecot's own configuration gives is left out. */
_must_check_ int share_read(const char *owner, const char *folder, json_t *list,
			    struct error *error);

/* Gives the person these rights and no others; takes all of them (not an error if he had none).
 * After 0 it is so in every session that begins; one that is open follows at its next command. */
_must_check_ int share_give(const char *owner, const char *folder, const char *person,
			    const struct share_role *role, struct error *error);
_must_check_ int share_take(const char *owner, const char *folder, const char *person,
			    struct error *error);

/* Makes the usual folders of a mailbox that nobody logs in to, and has it listed to whoever is in a
 * group ROLE:OWNER (dovecot.conf, which gives these groups their rights).  Nothing happens where
 * that was done before. */
_must_check_ int share_prepare(const char *owner, struct error *error);

/* What was given and taken is on the disk, as Dovecot itself does not wait for. */
_must_check_ int share_sync(struct error *error);

/* For share_read: the JSON that `doveadm -f json acl get` prints, which may have log lines before
 * it.  -EBADMSG for anything else. */
_must_check_ int share_parse(const char *said, const char *owner, const char *folder, json_t *list,
			     struct error *error);

#endif
