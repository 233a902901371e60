// SPDX-License-Identifier: GPL-3.0-or-later
/* Files and folders that a stranger packed: no link is followed and nothing but plain files is
 * opened, so that what is brought is what lies there and not another person's mail. */
#ifndef POSTCASK_IMPORT_TREE_H
#define POSTCASK_IMPORT_TREE_H

#include <dirent.h>
#include <sys/stat.h>

#include "base/error.h"

enum { TREE_DEPTH = 20 };

/* Both return a descriptor or a negative errno: -ELOOP for a link, -ENOENT for what is no folder
 * or no plain file. */
int tree_folder(int at, const char *name);
int tree_file(int at, const char *name, struct stat *ret_status);

/* The names in a folder, sorted as bytes; each owned, and the list ends with NULL. */
_must_check_ int tree_names(int folder, char ***ret_names, struct error *error);
void tree_names_free(char ***names);

#endif
