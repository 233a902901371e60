// SPDX-License-Identifier: GPL-3.0-or-later
/* What the filter does for one person, as the settings say it (users[].filter). */
#ifndef POSTCASK_PERSON_FILTER_H
#define POSTCASK_PERSON_FILTER_H

#include <jansson.h>

/* Gives each user "filter_rows", a list of {word, value} as a line of etc/postcask/accounts has
 * them: mark 4.5, hold 15, spam off, banned on, allow SENDER, block SENDER.  -ENOMEM. */
int person_filter_derive(json_t *settings);

#endif
