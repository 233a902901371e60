// SPDX-License-Identifier: GPL-3.0-or-later
/* The domains that somebody here has written to: whose mailing lists are no strangers'.
 *
 * A file of lines "DAY DOMAIN", the days since 1970.  It is replaced as a whole, by a child, so
 * that a slow disk holds up no answer; what was learnt in the last minute may be lost with the
 * power.  A damaged file is an empty one. */
#ifndef POSTCASK_POLICY_KNOWN_H
#define POSTCASK_POLICY_KNOWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "policy/name.h"

enum {
	KNOWN_LIMIT = 10000, /* the one that was written to longest ago goes */
	KNOWN_DAYS = 400,
	KNOWN_WRITE_MS = 60 * 1000,
};

struct known_domain {
	char *name;
	int64_t day;
};

struct known {
	const char *path;
	struct known_domain *domains; /* by name */
	size_t count;
	bool changed;
};

/* A file that is not there, or not to be read, is none: `error` says why, and it goes on. */
void known_load(struct known *known, const char *path, struct error *error);

/* Nothing happens without memory. */
void known_add(struct known *known, const char *name, int64_t day);

bool known_has(const struct known *known, const char *name, int64_t day);

/* Replaces the file. */
_must_check_ int known_write(const struct known *known, struct error *error);

void known_free(struct known *known); /* for _cleanup_ */

#endif
