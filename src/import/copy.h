// SPDX-License-Identifier: GPL-3.0-or-later
/* One person's mail from a source into a mailbox, folder by folder, with a report. */
#ifndef POSTCASK_IMPORT_COPY_H
#define POSTCASK_IMPORT_COPY_H

#include <jansson.h>

#include "import/local.h"
#include "import/source.h"

struct copy_options {
	const char *into; /* a folder here that takes all, in UTF-7, or NULL */
	bool dry_run;	  /* lists both sides, and writes nothing */
	bool gmail;	  /* a message that has several labels is copied once */
	bool progress;	  /* on standard error */
};

/* Returns a new reference, NULL when out of memory:
 *
 *	"folders"  a list; each has "there" and "here" (names in UTF-8), "messages" and "bytes"
 *		   there, "messages_here" and "bytes_here" of those, "copied" by this run,
 *		   "missing", "elsewhere" (it is in another folder, and one copy is enough) and
 *		   "problems", a list of sentences
 *	"equal"	   whether every message that was there is here
 *	"error"	   why not all folders were looked at; "" if they were */
json_t *copy_mail(struct source *source, struct local *mailbox, const struct copy_options *options);

#endif
