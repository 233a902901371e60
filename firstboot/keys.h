// SPDX-License-Identifier: GPL-3.0-or-later
/* The keys of a machine: every kind of src/key, made sure of while the daemons' checkers run. */
#ifndef POSTCASK_KEYS_H
#define POSTCASK_KEYS_H

#include "firstboot/outcome.h"
#include "key/key.h"

/* Begins to make the keys that `settings` want; they are there when the second function
 * returns, which is to be called whenever the first succeeded.  The outcome gets each kind's
 * state and note, and which of them changed. */
_must_check_ int apply_keys_begin(const struct apply_paths *paths, const json_t *settings,
				  struct key_run *ret, struct error *error);
_must_check_ int apply_keys_finish(struct key_run *run, struct apply_outcome *outcome,
				   struct error *error);

#endif
