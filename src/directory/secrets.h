// SPDX-License-Identifier: GPL-3.0-or-later
/* The file of what lets a person in beside the settings: app passwords, whether the main password
 * still does, and who changed what.  postcask-directory is the only one that writes it, and has it
 * open for ever: Dovecot reads it, and could not without the files that SQLite has beside an open
 * one.  It holds hashes; a password never comes here. */
#ifndef POSTCASK_DIRECTORY_SECRETS_H
#define POSTCASK_DIRECTORY_SECRETS_H

#include <jansson.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

enum {
	SECRETS_APPS = 100,	       /* of a person */
	SECRETS_LABEL = 100,	       /* bytes */
	SECRETS_AUDIT = 100000,	       /* changes that are remembered; the oldest go */
	SECRETS_GONE_S = 24 * 60 * 60, /* a change of the settings may be taken back */
};

/* The protocols of Dovecot that ask for a password, as it calls them. */
#define SECRETS_PROTOCOLS "imap pop3 smtp sieve"

enum secrets_statement {
	SECRETS_ADD,
	SECRETS_COUNT,
	SECRETS_LIST,
	SECRETS_REVOKE,
	SECRETS_EXPIRED,
	SECRETS_MAIN,
	SECRETS_MAIN_OFF,
	SECRETS_NOTE,
	SECRETS_TRIM,
	SECRETS_HISTORY,
	SECRETS_OWNERS,
	SECRETS_MISS,
	SECRETS_FOUND,
	SECRETS_FORGET_APPS,
	SECRETS_FORGET_LOGIN,
	SECRETS_STATEMENTS,
};

struct secrets {
	const char *path;
	sqlite3 *db;
	sqlite3_stmt *statements[SECRETS_STATEMENTS];
	bool damaged; /* it was, and begun anew */
};

struct app {
	const char *address;
	const char *label;     /* the device, as its owner calls it */
	const char *hash;      /* SHA-256, 64 digits and letters a to f */
	const char *protocols; /* of SECRETS_PROTOCOLS, with a blank before and after each */
	int64_t expires;       /* seconds since 1970; 0: never */
};

/* Who changes something, for the record. */
struct change {
	const char *who;
	int64_t now;
};

/* A damaged file is set aside, and begun anew. */
_must_check_ int secrets_open(struct secrets *secrets, const char *path, struct error *error);
void secrets_close(struct secrets *secrets);

/* -EEXIST with a sentence when that person has one of that label, -E2BIG when he has too many. */
_must_check_ int secrets_add_app(struct secrets *secrets, const struct app *app,
				 const struct change *change, struct error *error);

/* -ENOENT with a sentence when there is none. */
_must_check_ int secrets_revoke(struct secrets *secrets, const char *address, const char *label,
				const struct change *change, struct error *error);

/* Adds {address, label, protocols, created, expires, main} to a list: those of one person, or all
 * with NULL.  `expires` is null where it has no end. */
_must_check_ int secrets_list(struct secrets *secrets, const char *address, json_t *list,
			      struct error *error);

/* How many app passwords there are, of all. */
_must_check_ int secrets_count(struct secrets *secrets, int64_t *ret, struct error *error);

/* Whether the main password lets him in; of whom nothing is known it does. */
_must_check_ int secrets_set_main(struct secrets *secrets, const char *address, bool on,
				  const struct change *change, struct error *error);

/* Adds the addresses of those whom it does not let in. */
_must_check_ int secrets_list_main_off(struct secrets *secrets, json_t *list, struct error *error);

/* Adds {time, who, verb, address, detail}, the newest first, at most `most`; of one person, or all
 * with NULL. */
_must_check_ int secrets_history(struct secrets *secrets, const char *address, int most,
				 json_t *list, struct error *error);

/* Forgets what belongs to those who are not among `people` (an object with an address as each key)
 * and were not for SECRETS_GONE_S: whoever gets that address later is somebody else. */
_must_check_ int secrets_forget_gone(struct secrets *secrets, const json_t *people, int64_t now,
				     struct error *error);

#endif
