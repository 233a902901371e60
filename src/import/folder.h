// SPDX-License-Identifier: GPL-3.0-or-later
/* The folders of a source, and what they are called here.
 *
 * Names are kept as IMAP writes them (modified UTF-7, RFC 3501 §5.1.3), which is ASCII; levels are
 * apart by '/' here.  The usual folders come to those of this machine, by what the source says of
 * them (RFC 6154) or else by the names that they have in the usual programs. */
#ifndef POSTCASK_IMPORT_FOLDER_H
#define POSTCASK_IMPORT_FOLDER_H

#include "base/error.h"
#include "import/words.h"

enum {
	FOLDERS_MAX = 10000,
	FOLDER_NAME_MAX = 500, /* bytes; Dovecot's own limit is 255 characters a level */
};

struct folder {
	char *there; /* owned, as the source calls it */
	char *here; /* owned; NULL: nothing of it is wanted, or it has no name that could be here */
	char separator;
	enum folder_use use;
	bool subscribed;
	bool no_messages; /* a name alone */
	bool others;	  /* other people's, or shared */
};

struct folders {
	struct folder *list; /* owned */
	size_t count;
	char *own_prefix;      /* owned; what stands before all names there, or NULL */
	char *others_prefixes; /* owned; other people's and shared folders, a line each, or NULL */
};

#define FOLDERS_INIT ((struct folders){0})

/* Takes over `there`.  -E2BIG for too many. */
_must_check_ int folders_add(struct folders *folders, char *there, char separator,
			     enum folder_use use, bool no_messages, struct error *error);
struct folder *folders_find(const struct folders *folders, const char *there);
void folders_free(struct folders *folders);

/* Fills in `here` of all.  `into`: a folder here that takes all of them, in UTF-7, or NULL; the
 * usual folders then keep their names. */
_must_check_ int folders_map(struct folders *folders, const char *into, struct error *error);

/* In the order in which they are copied: the usual folders first, views and All Mail last. */
void folders_sort(struct folders *folders);

/* Can it be the name of a folder here? */
bool folder_is_name(const char *utf7);

/* A name in UTF-8 as IMAP writes it, and for people.  Owned by the caller; NULL for what is no
 * UTF-8, or when out of memory.  Of what is no UTF-7 `folder_utf8` gives the bytes as they are. */
char *folder_utf7(const char *utf8);
char *folder_utf8(const char *utf7);

#endif
