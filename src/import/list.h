// SPDX-License-Identifier: GPL-3.0-or-later
/* Many people at once: a file of lines "user,host,login,password". */
#ifndef POSTCASK_IMPORT_LIST_H
#define POSTCASK_IMPORT_LIST_H

#include "base/error.h"
#include "base/slice.h"

enum { LIST_FIELDS = 4, LIST_LINES_MAX = 10000, LIST_FILE_MAX = 8 * 1024 * 1024 };

struct list_line {
	char *user, *host, *login, *password; /* owned */
};

struct list {
	struct list_line *lines; /* owned */
	size_t count;
};

#define LIST_INIT ((struct list){0})

/* Takes the text apart, as RFC 4180 has it: a field with a comma or a quotation mark stands in
 * quotation marks, doubled in it; no field has a line break.  Empty lines and those that begin with
 * # are passed over.  One broken line, and the whole is refused with "NAME:LINE: why". */
_must_check_ int list_parse(struct slice text, const char *name, struct list *ret,
			    struct error *error);
void list_free(struct list *list); /* wipes the passwords */

#endif
