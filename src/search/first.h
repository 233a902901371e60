// SPDX-License-Identifier: GPL-3.0-or-later
/* The mailboxes that were there before the index was: each is indexed once, one after the other.
 * What comes later is indexed as it comes. */
#ifndef POSTCASK_SEARCH_FIRST_H
#define POSTCASK_SEARCH_FIRST_H

#include <dirent.h>
#include <stdbool.h>

#include "base/error.h"
#include "search/trouble.h"

struct first {
	const char *mail, *marks; /* DOMAIN/USER below the one; a file USER@DOMAIN in the other for
				   * each that is done */
	DIR *domains, *users;
	char domain[TROUBLE_USER];
};

/* The next mailbox that is not done; false when there is none, and what was open is closed. */
_must_check_ bool first_next(struct first *first, char user[TROUBLE_USER]);

/* It is done, and not told again. */
_must_check_ int first_done(const struct first *first, const char *user, struct error *error);

#endif
