// SPDX-License-Identifier: GPL-3.0-or-later
/* SMTP (RFC 5321) with STARTTLS (RFC 3207), AUTH (RFC 4954), 8BITMIME (RFC 6152).
 * The session functions take a session opened with smtp_protocol. */
#ifndef POSTCASK_NET_SMTP_H
#define POSTCASK_NET_SMTP_H

#include "net/session.h"

struct smtp_reply {
	int code;	    /* 200..599 */
	struct buffer text; /* the lines without their codes, joined by '\n' */
};

#define SMTP_REPLY_INIT ((struct smtp_reply){0})

struct smtp_envelope {
	const char *from; /* "" is the null sender */
	const char *to;
	const char *message; /* lines end in CR LF; may hold any byte but NUL */
	size_t size;
};

/* One line of a reply (RFC 5321 §4.2): its code, and whether more lines follow.
 * The text begins at line + 4, or at its end.  False when it is none. */
bool smtp_parse_reply_line(const char *line, size_t size, int *ret_code, bool *ret_more);

/* Reads a whole reply of at most 100 lines. */
_must_check_ enum failure_class smtp_read_reply(struct session *session, struct smtp_reply *reply);

/* Sends one command line (without its CR LF) and reads the reply. */
_must_check_ enum failure_class smtp_command(struct session *session, struct smtp_reply *reply,
					     const char *format, ...) _printf_(3, 4);

/* A reply that should have been another: FAILURE_RESOURCE for 4xx,
 * FAILURE_POLICY for 5xx, else FAILURE_PROTOCOL.  `what` was asked. */
_must_check_ enum failure_class smtp_unexpected(struct session *session,
						const struct smtp_reply *reply, const char *what);

/* MAIL, RCPT, DATA.  `reply` is the server's last word (its queue id). */
_must_check_ enum failure_class
smtp_send(struct session *session, const struct smtp_envelope *envelope, struct smtp_reply *reply);

/* The first part of that: MAIL, each RCPT, DATA; the server waits for the message. */
_must_check_ enum failure_class smtp_begin(struct session *session, const char *from,
					   const char *const *to, size_t count,
					   struct smtp_reply *reply);

/* A piece of a message whose lines end in LF alone, as DATA wants it.  *at_start is true
 * before the first piece; true after the last, the message ends in a whole line. */
void smtp_stuff_lines(const char *text, size_t size, bool *at_start, struct buffer *output);

/* The message as DATA wants it: dots doubled, the final dot added (§4.5.2). */
void smtp_stuff(const char *message, size_t size, struct buffer *output);

void smtp_reply_free(struct smtp_reply *reply);

#endif
