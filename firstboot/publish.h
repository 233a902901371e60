// SPDX-License-Identifier: GPL-3.0-or-later
/* What a generation needs beside its files: the certificates it names, the
 * self-test account, and what the unprivileged probes may know. */
#ifndef POSTCASK_PUBLISH_H
#define POSTCASK_PUBLISH_H

#include "firstboot/outcome.h"

/* Publishes for the generation in force; with `keys`, makes sure of its own
 * first.  -ENOENT when there is no generation. */
_must_check_ int publish_in_force(const struct apply_paths *paths, bool keys,
				  struct apply_outcome *outcome, struct error *error);

#endif
