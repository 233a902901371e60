// SPDX-License-Identifier: GPL-3.0-or-later
/* What became of applying the settings: RUN/firstboot.json tells it to the report,
 * RUN/apply.json to `postcask apply`. */
#ifndef POSTCASK_OUTCOME_H
#define POSTCASK_OUTCOME_H

#include <jansson.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "settings/diagnostics.h"

struct apply_paths {
	const char *state; /* /var/lib/postcask */
	const char *run;   /* /run/postcask */
	const char *keys;  /* /var/lib/postcask/keys */
	const char *name;  /* of the outcome's file below run: firstboot.json, apply.json */
};

enum apply_result {
	APPLY_UNCHANGED, /* what is in force is what the settings give */
	APPLY_APPLIED,	 /* a new generation is in force */
	APPLY_REFUSED,	 /* the settings are wrong or absent; nothing was changed */
	APPLY_FAILED,	 /* something else went wrong; nothing was changed */
	APPLY_REVERTED,	 /* the probes failed; the generation before is in force again */
};

/* Milliseconds of each step; load and render are the program's own work, prove
 * the daemons' checkers, keys what was still to wait for after them. */
struct apply_times {
	int64_t load, render, prove, keys, commit;
};

struct apply_outcome {
	enum apply_result result;
	char *generation;      /* owned: "generations/N" in force, NULL when there is none */
	json_t *notes;	       /* owned: sentences for the report; NULL: none */
	json_t *errors;	       /* owned: what was wrong beside the diagnostics; NULL: nothing */
	json_t *reloaded;      /* owned: units that took the change; NULL: none */
	json_t *keys;	       /* owned: the state of each kind (src/key), by name; NULL: unknown */
	uint32_t keys_changed; /* those that who serves them must take: KEY_BIT() */
	bool trial;	       /* the new generation is on trial (firstboot/trial.h) */
	struct diagnostics diagnostics; /* of the settings */
	struct apply_times times;
};

#define APPLY_OUTCOME_INIT ((struct apply_outcome){0})

/* Adds a sentence to the notes or to the errors. */
void outcome_note(struct apply_outcome *outcome, const char *format, ...) _printf_(2, 3);
void outcome_error(struct apply_outcome *outcome, const char *format, ...) _printf_(2, 3);

/* Writes the outcome's file. */
_must_check_ int outcome_save(const struct apply_paths *paths, const struct apply_outcome *outcome,
			      struct error *error);

/* Changes what the file says of a run that is over, for one that went on with it:
 * result and generation are replaced, errors, notes and reloaded units added.  A
 * missing file is made. */
_must_check_ int outcome_amend(const struct apply_paths *paths, const struct apply_outcome *later,
			       struct error *error);

const char *apply_result_name(enum apply_result result); /* "unchanged", "applied", ... */
void apply_outcome_clear(struct apply_outcome *outcome);

#endif
