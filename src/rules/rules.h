// SPDX-License-Identifier: GPL-3.0-or-later
/* Rules for the delivery of somebody's mail that a directory server holds: a Sieve script for each
 * person, which Dovecot runs before his own one.  postcask-directory keeps them in accounts.db (the
 * view delivery_rule); here they become files for whoever delivers:
 *
 *	FOLDER/DOMAIN/NAME.sieve
 *
 * A script is a stranger's text.  What sievec(1) does not understand, or wants an extension that is
 * for the machine's own scripts alone, is no file: the one before stays in force, and is named. */
#ifndef POSTCASK_RULES_H
#define POSTCASK_RULES_H

#include "base/error.h"

#define RULES_ACCOUNTS "/var/lib/postcask/accounts/accounts.db"
#define RULES_FOLDER   "/var/lib/postcask/rules"
#define RULES_SIEVE    "/usr/share/postcask/rules-sieve.conf"
#define RULES_REFUSED  "/run/postcask/rules/refused.json"

enum {
	RULES_PROVE_MS = 10 * 1000, /* of one script */
	RULES_WHY = 500,	    /* bytes of what is wrong with one */
	RULES_SHOWN = 1000,	    /* that are named */
};

struct rules {
	const char *accounts; /* the file */
	const char *folder;
	const char *sieve;   /* settings of sievec's */
	const char *refused; /* what was refused, a list:
			      * [{"address", "digest", "why"}, ...] */
};

/* Brings the files into line.  What was refused before is not proved again while it is the same. */
_must_check_ int rules_follow(const struct rules *rules, struct error *error);

#endif
