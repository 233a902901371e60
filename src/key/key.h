// SPDX-License-Identifier: GPL-3.0-or-later
/* Keys: what is made once, kept in /var beside the generations, and served by components.
 *
 * A kind of keys is one row: a name, which components have among their `keys`, and the two
 * halves of making sure that the keys are there which the settings want.  The first half
 * begins the work and the second waits for it, so that all kinds and the daemons' checkers
 * work beside each other.  Whoever has kinds defines key_kinds; applying loops over them. */
#ifndef POSTCASK_KEY_H
#define POSTCASK_KEY_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/* What became of the keys of one kind. */
struct key_result {
	bool changed;	   /* who serves them must take them */
	const char *state; /* "made", "kept", ...: static */
	char *note;	   /* owned; a sentence for the report, NULL when there is nothing to say */
};

#define KEY_RESULT_INIT ((struct key_result){0})

struct key_kind {
	const char *name;
	/* Begins to make sure of the keys that `settings` want below `folder`; what it needs
	 * of them it copies. */
	int (*begin)(const json_t *settings, const char *folder, void **ret_job,
		     struct error *error);
	/* Waits for the end, at most `timeout_ms` (-ETIME then); the job is gone in any case. */
	int (*finish)(void *job, int timeout_ms, struct key_result *ret, struct error *error);
};

/* A set of kinds is a bit mask, by their numbers in key_kinds. */
enum { KEY_KINDS_MAX = 32 };
#define KEY_BIT(number) (UINT32_C(1) << (number))
#define KEY_KINDS_FIT(rows)                                                                        \
	_Static_assert(sizeof(rows) / sizeof((rows)[0]) <= KEY_KINDS_MAX,                          \
		       "a set of kinds of keys has room for all of them")

extern const struct key_kind *const key_kinds[];
extern const size_t key_kind_count;

/* The names of a set (a new reference), and the set of names; of a name that is no kind's,
 * as in a file of another version, nothing is left. */
json_t *key_set_to_json(uint32_t set);
uint32_t key_set_from_json(const json_t *names);

/* The kinds on their way. */
struct key_run {
	void *jobs[KEY_KINDS_MAX];
};

/* Begins with all kinds.  When one does not begin, those before it are ended. */
_must_check_ int keys_begin(const json_t *settings, const char *folder, int timeout_ms,
			    struct key_run *ret, struct error *error);

/* Waits for all of them; `done` is called for each that succeeded.  The first failure is the
 * result, with the kind's name before it. */
_must_check_ int keys_finish(struct key_run *run, int timeout_ms,
			     void (*done)(void *context, size_t number,
					  const struct key_result *result),
			     void *context, struct error *error);

void key_result_clear(struct key_result *result);

#endif
