// SPDX-License-Identifier: GPL-3.0-or-later
/* The file of what lets a person in: the hash of his main password and whether it still lets him
 * in, app passwords, and who changed what.  Dovecot's account reads it and nobody else.  It holds
 * hashes; a password never comes here. */
#ifndef POSTCASK_DIRECTORY_SECRETS_H
#define POSTCASK_DIRECTORY_SECRETS_H

#include "directory/accounts.h"
#include "directory/cabinet.h"

enum {
	SECRETS_APPS = 100,	       /* of a person */
	SECRETS_LABEL = 100,	       /* bytes */
	SECRETS_AUDIT = 100000,	       /* changes that are remembered; the oldest go */
	SECRETS_GONE_S = 24 * 60 * 60, /* a change of the settings may be taken back */
};

/* The protocols of Dovecot that ask for a password, as it calls them. */
#define SECRETS_PROTOCOLS "imap pop3 smtp sieve"

/* In place of a hash: what none is. */
#define SECRETS_ELSEWHERE "!"

struct secrets {
	struct cabinet cabinet;
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

_must_check_ int secrets_open(struct secrets *secrets, const char *path, struct error *error);
void secrets_close(struct secrets *secrets);

/* ---- Main passwords ---- */

/* `hash` as Dovecot takes it, with its scheme where that is not crypt(3)'s.  In a change that is
 * begun; 0 when it is that already, 1 when it is changed. */
_must_check_ int secrets_put(struct secrets *secrets, const char *address, const char *hash,
			     bool enabled, struct error *error);

/* Of somebody whose password a directory server knows, under this DN: no password is right here,
 * but for those of devices. */
_must_check_ int secrets_put_elsewhere(struct secrets *secrets, const char *address, const char *dn,
				       bool enabled, struct error *error);
_must_check_ int secrets_drop(struct secrets *secrets, const char *address, struct error *error);

/* Nobody's password is asked for elsewhere any more. */
_must_check_ int secrets_forget_elsewhere(struct secrets *secrets, struct error *error);

/* *ret_hash is the caller's; NULL where there is none. */
_must_check_ int secrets_hash(struct secrets *secrets, const char *address, char **ret_hash,
			      struct error *error);

/* Forgets the domains' own letters, or adds one: in them somebody may log in too. */
_must_check_ int secrets_forget_letters(struct secrets *secrets, struct error *error);
_must_check_ int secrets_add_letters(struct secrets *secrets, const char *letters,
				     const char *domain, struct error *error);

/* Forgets the passwords of who has no account: left of a change that a power cut ended. */
_must_check_ int secrets_forget_strangers(struct secrets *secrets, struct accounts *accounts,
					  struct error *error);

/* Whether the main password lets him in; of whom nothing is known it does. */
_must_check_ int secrets_set_main(struct secrets *secrets, const char *address, bool on,
				  const struct change *change, struct error *error);

/* Adds the addresses of those whom it does not let in, by that or a second factor. */
_must_check_ int secrets_list_main_off(struct secrets *secrets, json_t *list, struct error *error);

/* ---- App passwords ---- */

/* -EEXIST with a sentence when that person has one of that label, -E2BIG when he has too many. */
_must_check_ int secrets_add_app(struct secrets *secrets, const struct app *app,
				 const struct change *change, struct error *error);

/* -ENOENT with a sentence when there is none. */
_must_check_ int secrets_revoke(struct secrets *secrets, const char *address, const char *label,
				const struct change *change, struct error *error);

/* Adds {address, label, protocols, created, expires, main, used, used_by, used_from} to a list:
 * those of one person, or all with NULL.  `expires` is null where it has no end, `used` where no
 * use is known. */
_must_check_ int secrets_list(struct secrets *secrets, const char *address, json_t *list,
			      struct error *error);

/* How many app passwords there are, of all. */
_must_check_ int secrets_count(struct secrets *secrets, int64_t *ret, struct error *error);

/* Forgets them, and whether the main password lets him in, of those who have no account and had
 * none for SECRETS_GONE_S: whoever gets that address later is somebody else. */
_must_check_ int secrets_forget_gone(struct secrets *secrets, struct accounts *accounts,
				     int64_t now, struct error *error);

/* The same at once, in a change that is begun: he was removed by name. */
_must_check_ int secrets_forget(struct secrets *secrets, const char *address, struct error *error);

/* ---- The record ---- */

/* In a change that is begun. */
_must_check_ int secrets_note(struct secrets *secrets, const struct change *change,
			      const char *verb, const char *address, const char *detail,
			      struct error *error);

/* Adds {time, who, verb, address, detail}, the newest first, at most `most`; of one person, or all
 * with NULL. */
_must_check_ int secrets_history(struct secrets *secrets, const char *address, int most,
				 json_t *list, struct error *error);

#endif
