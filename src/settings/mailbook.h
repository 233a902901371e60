/* Who receives mail: users and aliases by address, and where each alias leads. */
#ifndef POSTCASK_MAILBOOK_H
#define POSTCASK_MAILBOOK_H

#include <jansson.h>

#include "settings/diagnostics.h"
#include "settings/names.h"

struct mailbook_entry {
	const char *address;   /* lower case */
	bool alias;	       /* a user otherwise */
	const json_t *targets; /* of an alias; NULL when they were refused */
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

/* Who receives mail to the address (lower case); a label (alice+label@) is left
 * out, as postfix does with recipient_delimiter. */
const struct mailbook_entry *mailbook_find(const struct mailbook *book, const char *address);

/* Adds an entry; one that is there already is an error at `mark`.  `address` and
 * `targets` must outlive the book.  0 or -ENOMEM. */
_must_check_ int mailbook_add_user(struct mailbook *book, const char *address, struct mark mark);
_must_check_ int mailbook_add_alias(struct mailbook *book, const char *address,
				    const json_t *targets, struct mark mark);

/* Finds aliases that lead back to themselves or go on too long. */
void mailbook_check_loops(struct mailbook *book);

#endif
