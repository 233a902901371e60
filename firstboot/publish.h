// SPDX-License-Identifier: GPL-3.0-or-later
/* What a generation needs beside its files: the certificates it names, the
 * self-test account, and what the unprivileged probes may know. */
#ifndef POSTCASK_PUBLISH_H
#define POSTCASK_PUBLISH_H

#include "firstboot/outcome.h"

struct certificate_job;

/* Begins to make the certificates that `settings` want; they are there when the
 * second function returns, which is to be called whenever the first succeeded. */
_must_check_ int certificates_begin(const struct apply_paths *paths, const json_t *settings,
				    struct certificate_job **ret_job, struct error *error);
_must_check_ int certificates_finish(struct certificate_job *job, struct apply_outcome *outcome,
				     struct error *error);

/* Publishes for the generation in force; with `certificates`, makes sure of its
 * own names' first.  -ENOENT when there is no generation. */
_must_check_ int publish_in_force(const struct apply_paths *paths, bool certificates,
				  struct apply_outcome *outcome, struct error *error);

#endif
