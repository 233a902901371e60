// SPDX-License-Identifier: GPL-3.0-or-later
/* The messages of a mailbox as doveadm tells them, each a row of digests: what two copies of a
 * mailbox must have alike, in little memory.
 *
 *	mailbox-guid: 304d70...
 *	uid: 1
 *	...					the fields below, one a line
 *	size.physical: 72
 *	text:
 *	72 bytes as they lie on the disk	or neither this nor the line above
 *	<form feed>				between two messages
 *
 * doveadm's other forms put bytes into a text that is longer than one piece (2.4.1), or change what
 * is no UTF-8. */
#ifndef POSTCASK_MAILBOX_ROWS_H
#define POSTCASK_MAILBOX_ROWS_H

#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/digest.h"
#include "base/error.h"

#define ROWS_FIELDS "mailbox-guid uid guid flags date.received.unixtime size.virtual size.physical"

enum { ROW_FOLDER = 33, ROW_LINE = 256 * 1024 /* of thousands of keywords */ };

struct row {
	char folder[ROW_FOLDER];
	uint32_t uid;
	char about[DIGEST_TEXT_SIZE]; /* GUID, flags, date, size */
	char text[DIGEST_TEXT_SIZE];  /* "": not read.  A line ends alike with and without a CR */
};

struct rows {
	struct row *list;
	size_t count, room;
	uint64_t bytes;
	/* Where the reading is. */
	bool with_text;
	struct buffer line, fields;
	size_t field;	    /* how many are read */
	bool page;	    /* a form feed stood before them */
	EVP_MD_CTX *digest; /* of the text that is under way */
	uint64_t left;	    /* bytes of it */
	bool cr;	    /* the last one, which is not in the digest yet */
};

#define ROWS_INIT ((struct rows){.line = BUFFER_INIT, .fields = BUFFER_INIT})

void rows_free(struct rows *rows);

/* Takes the next bytes of what doveadm says; `context` is a struct rows. */
_must_check_ int rows_take(void *context, const char *bytes, size_t size, struct error *error);

/* Nothing is missing at the end; puts them into the order of folder and UID. */
_must_check_ int rows_end(struct rows *rows, struct error *error);

/* NULL: there is none. */
const struct row *rows_find(const struct rows *rows, const char *folder, uint32_t uid);

/* The first that differs in what is about it, or is missing on one side; NULL: there is none. */
const struct row *rows_differ(const struct rows *one, const struct rows *other,
			      const char **ret_what);

#endif
