// SPDX-License-Identifier: GPL-3.0-or-later
/* The messages of one folder, here or there, and which of them are the same.
 *
 * Nothing is noted on the disk of what was copied: before anything is, both sides are listed, and
 * what is here already is not copied.  So an import that was interrupted is repeated, and nothing
 * is twice.  A message is known again by its key, which is a digest of its Message-ID, Date, From,
 * To and Subject, and by its size; two copies there are two copies here. */
#ifndef POSTCASK_IMPORT_MESSAGE_H
#define POSTCASK_IMPORT_MESSAGE_H

#include <stdint.h>

#include "base/error.h"
#include "base/slice.h"

enum {
	MESSAGE_KEY = 16,
	MESSAGE_SIZE_MAX = 128 * 1024 * 1024, /* larger ones are named and left where they are */
	MESSAGE_HEADER_MAX = 256 * 1024,      /* of a header that is looked at */
	MESSAGES_MAX = 4 * 1000 * 1000,	      /* in a folder */
};

struct message {
	unsigned char key[MESSAGE_KEY];
	uint64_t size;	 /* with CR LF at the end of each line */
	uint32_t number; /* its UID, or its place in the source's own list */
	bool matched;	 /* it is on the other side */
	bool seen;	 /* its bytes were read, and it is on the other side then */
};

struct messages {
	struct message *list; /* owned */
	size_t count, capacity;
};

#define MESSAGES_INIT ((struct messages){0})

_must_check_ int messages_add(struct messages *messages, const struct message *message,
			      struct error *error);
void messages_free(struct messages *messages);
uint64_t messages_bytes(const struct messages *messages, bool matched_only);

/* Sorts both by key and size, and marks in pairs what is on both sides; marks of before are
 * forgotten.  Returns the number of pairs. */
size_t messages_match(struct messages *there, struct messages *here);

/* One that is not matched and has this size, from the `*at`th on, which is moved past it; NULL
 * when there is none. */
struct message *messages_next_of_size(struct messages *messages, uint64_t size, size_t *at);

/* Of a header (up to the first empty line, or as much as there is of it).  A message without a
 * Message-ID is told by its `date` too, the INTERNALDATE in seconds. */
void message_key(struct slice header, int64_t date, unsigned char ret_key[MESSAGE_KEY]);

/* The message as it is kept here: CR LF at the end of each line, and 0x80 for NUL, which IMAP
 * cannot carry.  `buffer` is used when that changes anything; true when a NUL was changed. */
bool message_normal(struct slice message, struct buffer *buffer, struct slice *ret_normal);
uint64_t message_normal_size(struct slice message);

#endif
