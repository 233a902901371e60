// SPDX-License-Identifier: GPL-3.0-or-later
/* What an IMAP server's response consists of (RFC 3501 §4), one word after the other, and the
 * three responses that an import reads.  The server is a stranger: whatever it says ends in a
 * parsed word or in "no such response", never beyond the text. */
#ifndef POSTCASK_IMPORT_WORDS_H
#define POSTCASK_IMPORT_WORDS_H

#include <stdint.h>

#include "base/slice.h"
#include "net/imap.h"

enum word {
	WORD_END,
	WORD_OPEN,
	WORD_CLOSE,
	WORD_ATOM,   /* with its [...], if it has one */
	WORD_STRING, /* quoted, or the response's first literal */
	WORD_BAD,
};

struct words {
	struct slice rest;
	const char *literal; /* where it begins; NULL: none */
	size_t literal_size;
	struct buffer text; /* the last quoted string */
};

/* From the `from`th byte of the response on; freed by words_free. */
struct words words_begin(const struct imap_response *response, size_t from);

/* A string's slice is valid until the next quoted string. */
enum word words_next(struct words *words, struct slice *ret);
void words_free(struct words *words);

/* "* 12 FETCH (...)": what of it was there.  The slices are the response's. */
struct fetched {
	uint32_t uid; /* 0: it was not said */
	uint64_t size;
	int64_t date;	    /* seconds since 1970; DATE_NONE */
	struct slice flags; /* between the brackets */
	struct slice body;  /* the message, or its header */
	bool has_size, has_body;
};
#define DATE_NONE INT64_MIN

bool words_fetch(const struct imap_response *response, struct fetched *ret);

/* "* LIST (...) "/" name", also LSUB and XLIST. */
enum folder_use {
	USE_NONE,
	USE_DRAFTS,
	USE_SENT,
	USE_JUNK,
	USE_TRASH,
	USE_ARCHIVE,
	USE_ALL,  /* a view of everything, as Gmail has it */
	USE_VIEW, /* of what lies elsewhere: starred, important */
};

struct listed {
	char *name;	  /* owned, as the server writes it */
	char separator;	  /* 0: none */
	bool no_messages; /* a name that holds folders alone */
	enum folder_use use;
};

bool words_list(const struct imap_response *response, const char *verb, struct listed *ret);

/* "* NAMESPACE": the first prefix of one's own folders, and those of other people's, each with a
 * line break after it.  Both owned by the caller. */
bool words_namespace(const struct imap_response *response, char **ret_own, char **ret_others);

/* INTERNALDATE as it is written, and back; DATE_NONE and "" for what is none. */
int64_t date_parse(struct slice text);
enum { DATE_TEXT = 40 };
void date_format(int64_t date, char ret_text[DATE_TEXT]);

#endif
