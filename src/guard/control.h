// SPDX-License-Identifier: GPL-3.0-or-later
/* What `postcask ban` asks the guard, at a unix socket that only root may use: one JSON object a
 * connection, up to the end of a line, and one as the answer, up to the end.
 *
 *	{"do": "list"}
 *	{"do": "why", "address": "192.0.2.1"}
 *	{"do": "add", "address": "192.0.2.1", "seconds": 600}		0: as long as it is its turn
 *	{"do": "remove", "address": "192.0.2.1"}			or "all"
 *
 *	{"bans": [{"address", "since", "until", "times", "reason"}, ...]}
 *	{"address", "banned", "since", "until", "times", "reason", "points", "limit", "tries",
 *	 "good", "never"}
 *	{"removed": 1}
 *	{"error": "..."}						a sentence
 *
 * Times are seconds since 1970. */
#ifndef POSTCASK_GUARD_CONTROL_H
#define POSTCASK_GUARD_CONTROL_H

#include <jansson.h>

#include "base/buffer.h"
#include "guard/guard.h"

#define CONTROL_SOCKET "/run/postcask/guard/control"

enum {
	CONTROL_QUESTION = 4096,
	CONTROL_ANSWER = 32 * 1024 * 1024, /* all that can be banned */
	CONTROL_MS = 10 * 1000,
};

/* Answers a question; NULL only without memory. */
char *control_answer(struct guard *guard, struct slice question);

/* Asks the guard at `path`, and waits CONTROL_MS at most.  A sentence of its own is the error. */
_must_check_ int control_ask(const char *path, const json_t *question, json_t **ret_answer,
			     struct error *error);

#endif
