// SPDX-License-Identifier: GPL-3.0-or-later
/* User-data as cloud-init takes it apart (user_data.py, handlers/): plain text
 * whose first line says what it is, gzip around it, MIME multi-part messages.
 * What can hold settings becomes a part; what cannot be judged here (scripts are
 * of no concern, but includes, templates and patches are) is said in so many
 * words. */
#ifndef POSTCASK_USER_DATA_H
#define POSTCASK_USER_DATA_H

#include <stdbool.h>
#include <stddef.h>

#include "settings/diagnostics.h"

/* One #cloud-config text, in the order in which cloud-init merges them. */
struct user_data_part {
	char *name;	     /* owned; FILE, or "FILE (part N)" when lines differ */
	unsigned first_line; /* of the text, in FILE */
	char *text;	     /* owned, NUL-terminated */
	size_t size;
	struct user_data_part *next;
};

struct user_data {
	struct user_data_part *first, **end;
	unsigned parts;		 /* of any kind */
	bool unjudged;		 /* something that could hold settings was not read */
	struct mark unjudged_at; /* file is `file_name` */
	const char *unjudged_why;
};

/* Takes user-data apart.  -EINVAL when it is broken (diagnostics says how), or
 * -ENOMEM.  `file_name` must outlive the result.  Free with user_data_free in
 * any case. */
_must_check_ int user_data_split(const char *file_name, const char *bytes, size_t size,
				 struct diagnostics *diagnostics, struct user_data *ret);

void user_data_free(struct user_data *user_data);

#endif
