// SPDX-License-Identifier: GPL-3.0-or-later
/* What the filter does for one person, or for all of a domain, where that is another thing than for
 * everybody; overlays/usr/share/postcask/perl/Postcask/Choices.pm reads it for each message.
 *
 * One is an object {"mark": "4.5", "hold": "15", "spam": false, "banned": true, "allow": [...],
 * "block": [...]}, of which whatever is as for everybody is left out.  It is of an address
 * ("@example.org": of a domain) and of an origin: of what several origins say of one address that
 * counts which the settings say, then a directory's, then a command's. */
#ifndef POSTCASK_DIRECTORY_ACCOUNTS_FILTER_H
#define POSTCASK_DIRECTORY_ACCOUNTS_FILTER_H

#include "directory/accounts.h"

enum { FILTER_SENDERS = 1000 }; /* of each list, as in the settings */

/* Whether it is one, its values as the settings have them: levels of 0 to 999, senders as
 * alice@example.org, @example.org or @.example.org.  *ret is the caller's, each value in the form
 * that is stored, and no list empty; the error says what to write.  NULL is an empty one. */
_must_check_ int filter_take(const json_t *filter, json_t **ret, struct error *error);

/* A sender in the form that is stored; the caller's. */
_must_check_ int filter_take_sender(const char *text, char **ret, struct error *error);

/* Makes it what this origin says of the address, in place of what it said before; one that was
 * taken, or NULL or an empty one for nothing. */
_must_check_ int accounts_put_filter(struct accounts *accounts, const char *address,
				     const char *origin, const json_t *filter, struct error *error);

/* Forgets all that is said of an address, and all that an origin says. */
_must_check_ int accounts_drop_filter(struct accounts *accounts, const char *address,
				      struct error *error);
_must_check_ int accounts_forget_filters(struct accounts *accounts, const char *origin,
					 struct error *error);

/* What counts, with "origin"; NULL where there is nothing. */
_must_check_ int accounts_find_filter(struct accounts *accounts, const char *address, json_t **ret,
				      struct error *error);

/* Puts what counts into each of a list of {"address", ...}, as "filter". */
_must_check_ int accounts_add_filters(struct accounts *accounts, json_t *list, struct error *error);

#endif
