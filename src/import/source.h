// SPDX-License-Identifier: GPL-3.0-or-later
/* Where mail is brought from: a struct of functions for each kind.  Each source reads what a
 * stranger wrote, and runs as the account of the mailboxes, never as root. */
#ifndef POSTCASK_IMPORT_SOURCE_H
#define POSTCASK_IMPORT_SOURCE_H

#include "import/folder.h"
#include "import/message.h"

/* One message on its way; valid during the call. */
struct letter {
	struct slice bytes;
	struct slice flags; /* as IMAP writes them, with blanks between */
	int64_t date;	    /* seconds since 1970; DATE_NONE */
	const char *failed; /* not NULL: why there are no bytes */
};

/* Takes one message of those that were asked for; a negative errno ends the fetch. */
typedef int letter_take(void *context, struct message *message, const struct letter *letter);

struct source;

struct source_kind {
	/* All folders, not mapped yet. */
	int (*list)(struct source *source, struct folders *ret, struct error *error);
	/* The messages of one, which is the one that `fetch` is of. */
	int (*open)(struct source *source, const struct folder *folder, struct messages *ret,
		    struct error *error);
	/* Hands over the messages that are wanted, in any order.  Some may be missing afterwards.
	 */
	int (*fetch)(struct source *source, struct message **wanted, size_t count,
		     letter_take *take, void *context, struct error *error);
	void (*close)(struct source *source);
	/* May be NULL.  What is to be said of the folder that was opened last, besides its
	 * messages; owned by the caller, NULL for nothing.  *ret_damage: not all of it could be
	 * read. */
	char *(*note)(struct source *source, bool *ret_damage);
};

/* The first member of each kind's own struct. */
struct source {
	const struct source_kind *kind;
	bool gmail; /* labels: one message in several folders, and all in one */
};

/* What it takes to ask a server. */
struct source_imap_params {
	const char *host;
	unsigned port;
	const char *login;
	const char *password; /* or token */
	bool xoauth2;
	bool implicit_tls;
	bool clear;		      /* no TLS at all */
	const struct tls_client *tls; /* unless clear */
	int answer_ms;		      /* how long it may be silent */
};

_must_check_ int source_imap_open(const struct source_imap_params *params, struct source **ret,
				  struct error *error);

/* A tree of Maildirs; a file in mbox form, or a folder of them. */
_must_check_ int source_maildir_open(const char *path, struct source **ret, struct error *error);
_must_check_ int source_mbox_open(const char *path, struct source **ret, struct error *error);

/* A file of Outlook's, read by postcask-pst in a process that can open nothing. */
_must_check_ int source_pst_open(const char *path, struct source **ret, struct error *error);

#endif
