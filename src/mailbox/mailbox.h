// SPDX-License-Identifier: GPL-3.0-or-later
/* How a person's mail is kept, and how it is given another format.
 *
 * Each format has a folder of its own in the person's home, and the table of users says which one
 * counts (directory/accounts_mailbox.h).  A copy is made beside the mailbox by doveadm, compared
 * with it to the last byte, and then that one entry is changed: a power cut leaves the one or the
 * other.  What was the mailbox is put aside under a name with the time in it, and goes after
 * MAILBOX_DAYS.
 *
 * All that is done in a home is done by the account of the mailboxes: in a process of its own that
 * root starts, and which can do no more than Dovecot can. */
#ifndef POSTCASK_MAILBOX_H
#define POSTCASK_MAILBOX_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "base/buffer.h"
#include "base/error.h"

#define MAILBOX_MAIL "/var/vmail"

enum {
	MAILBOX_DAYS = 14,	   /* that what was put aside is kept */
	MAILBOX_COPY_MS = 7200000, /* for a first copy, or all of a comparison */
};

struct mailbox_format {
	const char *name;   /* as in the settings and Dovecot's mail_driver */
	const char *folder; /* in the home */
};

extern const struct mailbox_format mailbox_formats[2];

/* NULL for none. */
const struct mailbox_format *mailbox_format_find(const char *name);

struct mailbox_owner {
	const char *login; /* in the form that logins have */
	const char *home;
};

/* The home of a login; owned by the caller, NULL for what is no login. */
char *mailbox_home(const char *login);

/* ---- doveadm, as the account of the mailboxes (doveadm.c) ---- */

/* Runs `doveadm WORDS...` on the owner's mail in this format; what it says is in `said`, without
 * what is no answer. */
_must_check_ int mailbox_ask(const struct mailbox_owner *owner, const struct mailbox_format *format,
			     const char *const *words, int timeout_ms, struct buffer *said,
			     struct error *error);

/* The same, and hands over what it says piece by piece.  What `take` returns ends it. */
_must_check_ int mailbox_ask_long(const struct mailbox_owner *owner,
				  const struct mailbox_format *format, const char *const *words,
				  int (*take)(void *context, const char *bytes, size_t size,
					      struct error *error),
				  void *context, struct error *error);

/* Makes `to` what `from` is: all of it the first time, and afterwards what has changed. */
_must_check_ int mailbox_copy(const struct mailbox_owner *owner, const struct mailbox_format *from,
			      const struct mailbox_format *to, int timeout_ms, struct error *error);

/* ---- What lies in a home (home.c) ---- */

/* What was put aside: {name, format, since, until}, the oldest first. */
_must_check_ int mailbox_list_aside(const char *home, json_t *list, struct error *error);

/* Whether there is a mailbox of this format. */
_must_check_ int mailbox_is_there(const char *home, const struct mailbox_format *format, bool *ret,
				  struct error *error);

/* Puts a folder of the home aside. */
_must_check_ int mailbox_put_aside(const char *home, const struct mailbox_format *format,
				   time_t now, struct error *error);

/* Removes what was put aside before a time. */
_must_check_ int mailbox_forget(const char *home, time_t before, unsigned *ret_count,
				struct error *error);

/* A copy is marked as one from before its first byte until it is used.  What is left of one that
 * was broken off is removed. */
_must_check_ int mailbox_begin_copy(const char *home, const struct mailbox_format *format,
				    time_t now, struct error *error);
_must_check_ int mailbox_drop_copy(const char *home, const struct mailbox_format *format,
				   struct error *error);
_must_check_ int mailbox_end_copy(const char *home, const struct mailbox_format *format,
				  struct error *error);

/* -ENOSPC, with both figures, when the copy could fill the disk. */
_must_check_ int mailbox_check_room(const struct mailbox_owner *owner,
				    const struct mailbox_format *from, struct error *error);

/* Whether a folder of the mailbox is shared with somebody. */
_must_check_ int mailbox_is_shared(const char *home, const struct mailbox_format *format, bool *ret,
				   struct error *error);

/* ---- A conversion (convert.c), by root ---- */

/* {address, from, to, messages, bytes, seconds, paused_seconds}, and with `dry` what would be done.
 * Nothing is changed when it fails. */
_must_check_ int mailbox_convert(const char *login, const struct mailbox_format *from,
				 const struct mailbox_format *to, const char *who, bool dry,
				 json_t **ret, struct error *error);

/* Does what is left to do after one that was broken off when the new one counted already. */
_must_check_ int mailbox_tidy(const char *login, const struct mailbox_format *from,
			      const struct mailbox_format *to, struct error *error);

/* Has `work` done by the account of the mailboxes. */
_must_check_ int mailbox_as_owner(int (*work)(void *context, json_t *said, struct error *error),
				  void *context, int timeout_ms, json_t **ret, struct error *error);

#endif
