// SPDX-License-Identifier: GPL-3.0-or-later
/* A list of Debian packages: one name a line, '#' starts a comment. */
#ifndef POSTCASK_IMAGE_PACKAGE_LIST_H
#define POSTCASK_IMAGE_PACKAGE_LIST_H

#include <stddef.h>

#include "base/error.h"

struct package_list {
	char **names; /* owned, in the order of the file */
	size_t count;
};

/* Reads `text`; `file` names it in errors (FILE:LINE: ...).  Refuses names that
 * Debian's policy (5.6.1) does not allow and a name given twice. */
_must_check_ int package_list_parse(const char *text, const char *file, struct package_list *list,
				    struct error *error);

/* The same from a file. */
_must_check_ int package_list_load(const char *file, struct package_list *list,
				   struct error *error);

void package_list_free(struct package_list *list);

#endif
