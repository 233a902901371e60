/* Applying the settings to this machine: load, decide, render, prove, keys,
 * commit.  Killed at any instruction, what is in force is the old generation
 * whole or the new one whole; running it again finishes the work. */
#ifndef POSTCASK_APPLY_H
#define POSTCASK_APPLY_H

#include <jansson.h>

#include "base/error.h"
#include "settings/diagnostics.h"
#include "settings/settings.h"

struct apply_paths {
	const char *state; /* /var/lib/postcask */
	const char *run;   /* /run/postcask */
	const char *keys;  /* /var/lib/postcask/keys */
};

enum apply_result {
	APPLY_UNCHANGED, /* what is in force is what the settings give */
	APPLY_APPLIED,	 /* a new generation is in force */
	APPLY_REFUSED,	 /* the settings are wrong or absent; nothing was changed */
	APPLY_FAILED,	 /* something else went wrong; nothing was changed */
};

/* Milliseconds of each step; load and render are the program's own work, prove
 * the daemons' checkers, keys what was still to wait for after them. */
struct apply_times {
	int64_t load, render, prove, keys, commit;
};

struct apply_outcome {
	enum apply_result result;
	char *generation;	 /* owned: "generations/N" in force, NULL when there is none */
	json_t *notes;		 /* owned: sentences for the report; NULL: none */
	const char *authority;	 /* "made", "kept", "renewed", "replaced" */
	bool certificate_changed;
	struct diagnostics diagnostics; /* of the settings */
	struct apply_times times;
};

#define APPLY_OUTCOME_INIT ((struct apply_outcome){.authority = "kept"})

/* Applies the machine's settings (settings_load_machine with `sources`).
 * Returns 0 for UNCHANGED and APPLIED; for the others a negative errno with the
 * reason in `error` (the diagnostics hold the places of REFUSED).  `outcome` is
 * filled in either way. */
_must_check_ int apply_settings(const struct apply_paths *paths,
				const struct settings_sources *sources,
				struct apply_outcome *outcome, struct error *error);

/* Writes RUN/firstboot.json, which the report shows. */
_must_check_ int apply_outcome_save(const struct apply_paths *paths,
				    const struct apply_outcome *outcome,
				    const struct error *failure, struct error *error);

const char *apply_result_name(enum apply_result result); /* "unchanged", "applied", ... */
void apply_outcome_clear(struct apply_outcome *outcome);

#endif
