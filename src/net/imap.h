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
