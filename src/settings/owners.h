// SPDX-License-Identifier: GPL-3.0-or-later
/* Whose login may send as an alias: each user whom it leads to, alone or among others,
 * through any number of aliases.  What leads only elsewhere is nobody's. */
#ifndef POSTCASK_OWNERS_H
#define POSTCASK_OWNERS_H

#include "settings/mailbook.h"

/* All aliases' owners together; more are an error at the alias that is one too many, since
 * Postfix keeps them in memory.  As many as there can be values in the settings. */
#define OWNERS_LIMIT 500000

/* Puts into the record of each alias of a book without loops its `owners`, the addresses
 * of the users.  0 or -ENOMEM. */
_must_check_ int owners_find(struct mailbook *book);

#endif
