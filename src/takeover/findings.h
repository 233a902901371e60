// SPDX-License-Identifier: GPL-3.0-or-later
/* What is found of another server, in the words of this machine: people, aliases, and what is left
 * out and why.  Each kind of server fills it, by the same rules. */
#ifndef POSTCASK_TAKEOVER_FINDINGS_H
#define POSTCASK_TAKEOVER_FINDINGS_H

#include <jansson.h>
#include <stdbool.h>

#include "base/error.h"

/* {"people": [{"address", "name", "quota_mib", "enabled", "hash", "where"}],
 *  "aliases": [{"address", "to", "where"}], "weak": [{"what", "why"}],
 *  "left": [{"what", "why", "where"}]}: without a hash, `weak` says why. */
struct findings {
	json_t *people, *aliases, *weak, *left; /* owned */
	json_t *persons, *names; /* owned: address -> "where", of people and of aliases */
};

/* What this machine has no place for, yet or at all.  A row in findings.c says why; where it gets a
 * place, the function that calls findings_cannot with it does otherwise. */
enum cannot {
	CANNOT_CATCH_ALL,
	CANNOT_FORWARD,
	CANNOT_ALIAS_DOMAIN,
	CANNOT_SENDER,
	CANNOT_VACATION,
	CANNOT_APP_PASSWORD,
	CANNOT_PATTERN,
	CANNOT_PROGRAM,
	CANNOT_INACTIVE_ALIAS,
	CANNOT_INACTIVE_DOMAIN,
	CANNOT_RESOURCE,
	CANNOT_DISCARD,
	CANNOT_UNREADABLE,
	CANNOT_RULE,
	CANNOT_SECOND_FACTOR,
};

struct person {
	const char *address;  /* NULL: it could not be read */
	const char *password; /* as it stands there */
	const char *locked;   /* NULL, or why that is no password of his */
	const char *name;
	long long quota; /* bytes; 0 or less: no limit */
	bool enabled;
	const char *where;
};

_must_check_ int findings_begin(struct findings *findings, struct error *error);
void findings_free(struct findings *findings);

void findings_cannot(struct findings *findings, enum cannot why, const char *what,
		     const char *where);

/* Of somebody: "ADDRESS: DETAIL"; both may be NULL. */
void findings_cannot_of(struct findings *findings, enum cannot why, const char *address,
			const char *detail, const char *where);

/* -EEXIST with a sentence for a second one of the same address. */
_must_check_ int findings_person(struct findings *findings, const struct person *person,
				 struct error *error);

/* `targets`: with commas or blanks between them; NULL: they could not be read.  People are to be
 * there before. */
_must_check_ int findings_alias(struct findings *findings, const char *address, const char *targets,
				const char *where, struct error *error);

/* All of it as one object, a new reference; the findings are empty afterwards. */
json_t *findings_take(struct findings *findings);

#endif
