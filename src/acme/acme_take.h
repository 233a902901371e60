// SPDX-License-Identifier: GPL-3.0-or-later
/* Takes over what the authority issued: each certificate is checked, joined with its key and put
 * into the place of the one before by one rename; the daemons are reloaded, and every port is asked
 * for it.  One that is not shown everywhere goes out again for the one before it. */
#ifndef POSTCASK_ACME_TAKE_H
#define POSTCASK_ACME_TAKE_H

#include <jansson.h>

#include "acme/acme_plan.h"

struct acme_take {
	const struct acme_wish *wish;
	const struct acme_plan *plan;
	const json_t *results; /* acme/acme_order.h */
	const char *folder;    /* where the certificates lie, another account's */
};

/* Everything that was issued; what became of each order goes into the state.  *ret_taken: how many
 * are served now.  An error is one of the machine's own, not the authority's. */
_must_check_ int acme_take_over(const struct acme_take *take, size_t *ret_taken,
				struct error *error);

#endif
