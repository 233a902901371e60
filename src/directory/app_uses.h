// SPDX-License-Identifier: GPL-3.0-or-later
/* When app passwords were last used, as postcask-guard says (guard/uses.h): the first use of each
 * minute is written, all of them at once. */
#ifndef POSTCASK_DIRECTORY_APP_USES_H
#define POSTCASK_DIRECTORY_APP_USES_H

#include "directory/directory.h"

/* Takes the file when it is another one than at the last look.  No file is no error. */
_must_check_ int app_uses_look(struct directory *directory, int64_t now, struct error *error);

#endif
