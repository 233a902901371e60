// SPDX-License-Identifier: GPL-3.0-or-later
/* The mailbox here that mail is brought into.
 *
 * It is written by Dovecot's own `imap`, which runs without a login as the account of the mailboxes
 * and speaks IMAP on its standard input: so locks, indexes, quota and format are Dovecot's, and
 * what a delivery or the person does meanwhile is as with any other session.  Its configuration
 * is what the running Dovecot has for mailboxes, in a file that has no name. */
#ifndef POSTCASK_IMPORT_LOCAL_H
#define POSTCASK_IMPORT_LOCAL_H

#include <sys/types.h>

#include "import/folder.h"
#include "import/message.h"

/* What root finds out of a user: see local_look_up. */
struct local_owner {
	char *address; /* owned, as Dovecot writes it */
	char *home;    /* owned */
	int config;    /* fd of imap's configuration */
};

#define LOCAL_OWNER_INIT ((struct local_owner){.config = -1})

struct local {
	struct session session;
	struct folders folders; /* those that are there */
	bool selected;		/* a folder is: each APPEND to it would have it read anew */
	pid_t imap;
};

#define LOCAL_INIT ((struct local){.session = SESSION_INIT, .folders = FOLDERS_INIT})

/* Asks the running Dovecot, as root.  -ENOENT when there is no such user. */
_must_check_ int local_look_up(const char *address, struct local_owner *ret, struct error *error);
void local_owner_free(struct local_owner *owner);

/* Starts imap; the caller is the account of the mailboxes already. */
_must_check_ int local_open(struct local *mailbox, const struct local_owner *owner,
			    struct error *error);
void local_close(struct local *mailbox);

/* The messages of a folder; none of one that is not there. */
_must_check_ int local_scan(struct local *mailbox, const char *folder, struct messages *ret,
			    struct error *error);

/* Makes it if it is not there. */
_must_check_ int local_make(struct local *mailbox, const char *folder, bool subscribe,
			    struct error *error);

/* Are the bytes of the folder's message these?  1 or 0. */
_must_check_ int local_has(struct local *mailbox, const char *folder, struct message *message,
			   struct slice bytes, struct error *error);

/* Appends what imap_append_add has put together, all of it or nothing.  -EDQUOT when there is no
 * room, -EBADMSG when a message is refused for what it is. */
_must_check_ int local_append(struct local *mailbox, const char *folder, struct slice parts,
			      struct error *error);

#endif
