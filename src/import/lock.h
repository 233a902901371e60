// SPDX-License-Identifier: GPL-3.0-or-later
/* One at a time works on a whole mailbox: two imports would bring everything twice, and one beside
 * a conversion would bring it to what is no mailbox any more. */
#ifndef POSTCASK_IMPORT_LOCK_H
#define POSTCASK_IMPORT_LOCK_H

#include "base/error.h"

/* Held until *ret is closed; -EBUSY while somebody else has it. */
_must_check_ int import_lock(const char *home, const char *user, int *ret, struct error *error);

#endif
