// SPDX-License-Identifier: GPL-3.0-or-later
/* The trial of a change: a generation in force whose probes have not passed yet.
 *
 *	STATE/trial	{"generation": "generations/5", "previous": "generations/4",
 *			 "keys": ["certificates"], "drifted": true}
 *
 * It is written before the generation is put in force and removed when the probes
 * have judged it, so that whatever ends the machine in between, the next boot
 * judges it. */
#ifndef POSTCASK_TRIAL_H
#define POSTCASK_TRIAL_H

#include <stdbool.h>

#include "firstboot/outcome.h"

struct trial {
	char *generation, *previous; /* owned when read: "generations/N" */
	uint32_t keys;		     /* kinds of keys that change too: KEY_BIT() of src/key */
	bool drifted; /* a file was changed by hand: nobody knows what the daemons run on */
};

#define TRIAL_INIT ((struct trial){0})

_must_check_ int trial_begin(const char *state, const struct trial *trial, struct error *error);

/* -ENOENT: nothing is on trial; a damaged file is removed and counts as none. */
_must_check_ int trial_read(const char *state, struct trial *ret, struct error *error);

_must_check_ int trial_end(const char *state, struct error *error);

void trial_clear(struct trial *trial);

/* Judges the generation on trial by the probes; nothing to do is no error.  With
 * `running` the daemons are first made to take it and the probes are run; without,
 * this boot has started them with it and the probes have run.
 *
 * When a probe fails, the generation before is put in force, taken in and probed.
 * Only when that fails in the same way, so that the change is not to blame, the
 * new one comes back.  A way back that was cut off is gone to its end.  `outcome` then says
 * APPLY_APPLIED or APPLY_REVERTED, and *ret_judged whether there was a trial. */
_must_check_ int trial_judge(const struct apply_paths *paths, bool running,
			     struct apply_outcome *outcome, bool *ret_judged, struct error *error);

#endif
