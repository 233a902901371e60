// SPDX-License-Identifier: GPL-3.0-or-later
/* Proving a generation: each component's own checker runs on it before it is
 * put in force. */
#ifndef POSTCASK_PROVE_H
#define POSTCASK_PROVE_H

#include "base/error.h"
#include "generation/change.h"

/* An emulated machine takes 20 s; one that filters mail meanwhile took more than 90. */
enum { PROVE_TIMEOUT_MS = 180 * 1000 };

/* Runs the checkers of the changed components beside each other on the generation
 * in `folder`, made of `settings`; what is as it was in a proved generation is
 * proved.  When one refuses, the error names the component and what its checker
 * said; -ENOEXEC then, or the errno of what kept a checker from running. */
_must_check_ int prove_generation(const char *folder, const json_t *settings,
				  const struct change *change, struct error *error);

#endif
