// SPDX-License-Identifier: GPL-3.0-or-later
/* POP3 (RFC 1939) with STLS (RFC 2595), CAPA (RFC 2449) and AUTH (RFC 5034).  The
 * functions take a session opened with pop3_protocol. */
#ifndef POSTCASK_NET_POP3_H
#define POSTCASK_NET_POP3_H

#include "net/session.h"

/* How many messages the mailbox has (STAT). */
_must_check_ enum failure_class pop3_count(struct session *session, unsigned *ret_count);

/* Finds the newest message with this Message-ID (without < >) by TOP; 0 when it
 * is not there. */
_must_check_ enum failure_class pop3_find(struct session *session, const char *message_id,
					  unsigned *ret_number);

/* The whole message, dots undone, lines ending in CR LF. */
_must_check_ enum failure_class pop3_retrieve(struct session *session, unsigned number,
					      struct buffer *message);

/* "+OK ...": FAILURE_NONE.  "-ERR": FAILURE_CONTENT, or FAILURE_RESOURCE when it
 * says [SYS/TEMP] or [IN-USE] (RFC 3206).  Else FAILURE_PROTOCOL. */
enum failure_class pop3_parse_status(const char *line);

#endif
