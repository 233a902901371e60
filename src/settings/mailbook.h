// SPDX-License-Identifier: GPL-3.0-or-later
/* Who receives mail: users and aliases by address, and where each alias leads. */
#ifndef POSTCASK_MAILBOOK_H
#define POSTCASK_MAILBOOK_H

#include <jansson.h>

#include "settings/diagnostics.h"
#include "settings/names.h"

/* Aliases in a row: main.cf lets Postfix follow as many. */
#define ALIAS_HEIGHT_LIMIT 1000

struct mailbook_entry {
	const char *address;   /* lower case */
	json_t *record;	       /* of the settings, with `address`, and `to` or `forward` */
	bool alias;	       /* a user or a shared mailbox otherwise */
	bool shared;	       /* to which nobody logs in */
	const json_t *targets; /* of an alias, or a forward; NULL when they were refused */
	struct mark mark;
	enum { ENTRY_NEW, ENTRY_OPEN, ENTRY_DONE } state;
	unsigned height; /* aliases in a row below this one */
	struct mailbook_entry *next;
};

struct mailbook {
	struct names addresses; /* address -> entry */
	struct mailbook_entry *first, **end;
	struct diagnostics *diagnostics;
};

void mailbook_init(struct mailbook *book, struct diagnostics *diagnostics);
void mailbook_free(struct mailbook *book);

/* Who receives mail to the address (lower case): whoever has that very address, or
 * the longest that is left of it without labels (a+b+label@: a+b@ before a@). */
const struct mailbook_entry *mailbook_find(const struct mailbook *book, const char *address);

/* Adds the user, alias or shared mailbox of a record, whose address is in lower case; one that is
 * there already is an error at `mark`.  The record must outlive the book.  0 or -ENOMEM. */
_must_check_ int mailbook_add_user(struct mailbook *book, json_t *record, struct mark mark);
_must_check_ int mailbook_add_shared(struct mailbook *book, json_t *record, struct mark mark);
_must_check_ int mailbook_add_alias(struct mailbook *book, json_t *record, struct mark mark);

/* Finds aliases that lead back to themselves or go on too long. */
void mailbook_check_loops(struct mailbook *book);

#endif
