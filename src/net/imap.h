// SPDX-License-Identifier: GPL-3.0-or-later
/* IMAP4rev1 (RFC 3501) with IDLE (RFC 2177): as much as it takes to find a
 * message, read it and remove it.  The functions take a session opened with
 * imap_protocol; messages are named by UID. */
#ifndef POSTCASK_NET_IMAP_H
#define POSTCASK_NET_IMAP_H

#include "net/session.h"

/* One response: its line, with a literal's bytes in the place where they stood
 * (the {size} and line break before them are kept out). */
struct imap_response {
	struct buffer text;
	size_t literal_at; /* the first literal: where it begins in text, and its size */
	size_t literal_size;
	unsigned literals;
};

#define IMAP_RESPONSE_INIT ((struct imap_response){0})

/* The size in a line's final "{size}", RFC 3501 §4.3.  False when there is none
 * or it is not below 2^31. */
bool imap_parse_literal(const char *line, size_t size, size_t *ret_size);

/* "* SEARCH 1 2 3" (§7.2.5): the last number, 0 when the list is empty.  False
 * when the line is no search result. */
bool imap_parse_search(const char *line, unsigned *ret_uid);

/* What a command's untagged responses are handed to, one after the other. */
typedef void imap_untagged(struct session *session, const struct imap_response *response,
			   void *context);

/* Sends a command, without its tag, and reads its result: FAILURE_CONTENT for NO,
 * FAILURE_PROTOCOL for BAD and for more than 10,000 responses.  What was sent is wiped. */
_must_check_ enum failure_class imap_run(struct session *session, imap_untagged *untagged,
					 void *context, const char *format, ...) _printf_(4, 5);

/* A message for imap_append.  `flags` are separated by blanks, `date` as INTERNALDATE is written;
 * "" for none. */
void imap_append_add(struct buffer *parts, const char *flags, const char *date, const void *message,
		     size_t size);

/* Appends the messages to a mailbox of a server that has LITERAL+ (RFC 7888) and, for more than
 * one, MULTIAPPEND (RFC 3502): all of them or none. */
_must_check_ enum failure_class imap_append(struct session *session, const char *mailbox,
					    const void *parts, size_t size);

/* A quoted string, RFC 3501 §4.3; owned by the caller.  NULL when the text cannot be one. */
char *imap_quote(const char *text);

_must_check_ enum failure_class imap_read_response(struct session *session,
						   struct imap_response *response);

/* FAILURE_CONTENT when there is no such mailbox. */
_must_check_ enum failure_class imap_select(struct session *session, const char *mailbox);

/* Finds the message with this Message-ID (without < >) in the selected mailbox;
 * *ret_uid is 0 when it is not there.  *ret_news (may be NULL) says that the
 * server told of new messages meanwhile: search again before imap_idle, which
 * would not tell of them twice. */
_must_check_ enum failure_class imap_search(struct session *session, const char *message_id,
					    unsigned *ret_uid, bool *ret_news);

/* The whole message, without setting \Seen. */
_must_check_ enum failure_class imap_fetch(struct session *session, unsigned uid,
					   struct buffer *message);

/* Removes every message of the selected mailbox. */
_must_check_ enum failure_class imap_expunge_all(struct session *session);

/* Waits until the server tells of a new message, or until `until_ms`; both are
 * FAILURE_NONE. */
_must_check_ enum failure_class imap_idle(struct session *session, int64_t until_ms);

void imap_response_free(struct imap_response *response);

#endif
