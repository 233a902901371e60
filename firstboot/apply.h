// SPDX-License-Identifier: GPL-3.0-or-later
/* Applying the settings to this machine: load, decide, render, prove, keys,
 * commit.  Killed at any instruction, what is in force is the old generation
 * whole or the new one whole; running it again finishes the work. */
#ifndef POSTCASK_APPLY_H
#define POSTCASK_APPLY_H

#include "firstboot/outcome.h"
#include "settings/settings.h"

/* Two runs at once wait for each other.  The lock (of RUN/apply.lock) goes with the
 * descriptor; -ETIME when the other one does not end. */
_must_check_ int apply_lock(const struct apply_paths *paths, int *ret_fd, struct error *error);

/* Applies the machine's settings (settings_load_machine with `sources`, which may
 * be NULL) or, when it is given, the user-data `file`.  A change of a machine that
 * has worked before is put on trial (firstboot/trial.h).
 *
 * Returns 0 for UNCHANGED and APPLIED; for the others a negative errno with the
 * reason in `error` (the diagnostics hold the places of REFUSED).  `outcome` is
 * filled in either way. */
_must_check_ int apply_settings(const struct apply_paths *paths,
				const struct settings_sources *sources, const char *file,
				struct apply_outcome *outcome, struct error *error);

#endif
