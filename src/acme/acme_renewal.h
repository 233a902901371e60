// SPDX-License-Identifier: GPL-3.0-or-later
/* The certificates of an ACME authority, whole: what is to be asked for, the run of the account
 * that asks, what came of it, and what is remembered.  It asks the authority seldom, however often
 * it is run itself. */
#ifndef POSTCASK_ACME_RENEWAL_H
#define POSTCASK_ACME_RENEWAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct acme_renewal {
	bool force; /* a person says: now, whatever the back-off */
	bool roll;  /* and with the next keys */
};

struct acme_outcome {
	bool wanted;  /* the settings have an authority */
	size_t asked; /* orders */
	size_t taken; /* certificates that are served since */
	char *error;  /* owned; the first thing that went wrong, in words; NULL: nothing */
};

#define ACME_OUTCOME_INIT ((struct acme_outcome){.wanted = false})

/* Needs root.  An error is one of the machine's own; what the authority says is in `ret` and in
 * the state. */
_must_check_ int acme_renewal_run(const struct acme_renewal *renewal, struct acme_outcome *ret,
				  struct error *error);
void acme_outcome_clear(struct acme_outcome *outcome);

#endif
