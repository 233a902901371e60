// SPDX-License-Identifier: GPL-3.0-or-later
/* Types of public folders: a folder's name, and whom a right is for. */
#ifndef POSTCASK_TYPE_FOLDER_H
#define POSTCASK_TYPE_FOLDER_H

#include "base/error.h"
#include "settings/table.h"

/* One folder, in none: letters of any script, digits, blanks and -_.,+&'()@ within. */
_must_check_ int type_folder(const struct setting *setting, const char *text, size_t size,
			     char **ret_value, struct error *error);

/* An address in lower case, "@domain", or "everyone". */
_must_check_ int type_readers(const struct setting *setting, const char *text, size_t size,
			      char **ret_value, struct error *error);

#endif
