// SPDX-License-Identifier: GPL-3.0-or-later
/* Whose sending is held, since when and why: a list, and the file that it is kept in.
 *
 *	{"held": [{"address": "alice@example.org", "since": 1795515240, "reason": "over"}]}
 *
 * The file is replaced at each change, which is rare, by a thread of its own (limit_writer.h), and
 * who is freed is told so when that is done.  Root's part reads it too (hold/keep.h). */
#ifndef POSTCASK_POLICY_LIMIT_HOLD_H
#define POSTCASK_POLICY_LIMIT_HOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/limit_writer.h"

#define LIMIT_HOLD_FILE "/var/lib/postcask/policy/held.json"

enum limit_reason {
	LIMIT_REASON_AGAIN,    /* over the limit again and again */
	LIMIT_REASON_MORE,     /* asked for the limit once more within an hour */
	LIMIT_REASON_NETWORKS, /* from many networks within an hour */
	LIMIT_REASONS,
};

struct limit_hold {
	char *login; /* owned */
	int64_t since;
	enum limit_reason reason;
};

struct limit_holds {
	struct limit_writer *writer; /* borrowed; NULL: nothing is kept */
	struct limit_hold *list;
	size_t count;
};

enum { LIMIT_HOLDS = 10000 };

/* A file that is not there is an empty list; so is one that cannot be read, of which `error`
 * says why. */
void limit_holds_load(struct limit_holds *holds, const char *path, struct error *error);

const struct limit_hold *limit_holds_find(const struct limit_holds *holds, const char *login);

/* Both have the file written and do not wait for it; the list has changed even when they fail. */
_must_check_ int limit_holds_add(struct limit_holds *holds, const char *login,
				 enum limit_reason reason, int64_t now, struct error *error);
_must_check_ int limit_holds_remove(struct limit_holds *holds, const char *login,
				    struct error *error);

void limit_holds_free(struct limit_holds *holds);

/* A word for a file, and a sentence about a login for people. */
const char *limit_reason_name(enum limit_reason reason);
const char *limit_reason_sentence(const char *name);

#endif
