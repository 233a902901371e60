// SPDX-License-Identifier: GPL-3.0-or-later
/* Deleted mail that can be had back for some days (mailboxes.recover_days).  What a person removes
 * for good Dovecot puts into a folder of its own beside the mailbox, which counts against no quota
 * (lazy_expunge in dovecot.conf).  It is reached by doveadm, as the account of the mailboxes. */
#ifndef POSTCASK_RECOVER_H
#define POSTCASK_RECOVER_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

#define RECOVER_CONFIG "/etc/postcask/recover.conf"
#define RECOVER_MAIL   "/var/vmail"
#define RECOVER_BESIDE "recover"   /* the folder in a person's, as dovecot.conf has it */
#define RECOVER_INTO   "Recovered" /* where it comes back to */

struct recover_config {
	unsigned days; /* 0: nothing is kept */
	uint64_t bytes;
};

/* An empty file is days of 0. */
_must_check_ int recover_config_load(const char *path, struct recover_config *ret,
				     struct error *error);

/* What was deleted since then (seconds; 0: ever), the oldest first:
 * [{"uid", "deleted", "size", "from", "subject"}, ...]. */
_must_check_ int recover_list(const char *login, long long since, json_t **ret,
			      struct error *error);

/* As doveadm prints it (-f json), into the above; -EBADMSG. */
_must_check_ int recover_read(const char *said, size_t size, json_t **ret, struct error *error);

/* Moves it into the folder Recovered, which is made.  Who is killed meanwhile leaves the rest where
 * it was. */
_must_check_ int recover_back(const char *login, long long since, struct error *error);

/* Removes what is too old, and the oldest of what is too much. */
_must_check_ int recover_forget(const char *login, const struct recover_config *config,
				struct error *error);

/* The UID up to which a list is too much; 0 when it is not. */
long long recover_too_much(const json_t *list, uint64_t bytes);

#endif
