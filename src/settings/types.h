// SPDX-License-Identifier: GPL-3.0-or-later
/* The types of values: what each accepts and how it is stored.  A value is
 * stored in one form only (domains as lower-case A-labels, addresses lower-case,
 * IPv6 as RFC 5952), so that equal things compare equal. */
#ifndef POSTCASK_TYPES_H
#define POSTCASK_TYPES_H

#include "base/error.h"
#include "settings/table.h"

/* Checks the text of a scalar.  *ret_value is the stored form (owned by the
 * caller).  On refusal the error's text is "what is wrong; what to write
 * instead", without the value when the setting is secret. */
typedef int (*type_check)(const struct setting *setting, const char *text, size_t size,
			  char **ret_value, struct error *error);

struct type {
	const char *name;	 /* for people: "domain name" */
	const char *article;	 /* "a domain name" */
	type_check check;	 /* NULL: boolean, integer, groups: see settings/checker.c */
	const char *pattern;	 /* for the JSON schema; NULL: none */
	const char *description; /* what is accepted, a sentence for the manual */
};

const struct type *type_of(enum setting_type type);

/* How dovecot is told the scheme of a hash that was accepted: "{CRYPT}" or
 * "{ARGON2ID}". */
const char *type_password_prefix(const char *hash);

#endif
