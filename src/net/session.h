// SPDX-License-Identifier: GPL-3.0-or-later
/* One conversation with a mail server, whatever the protocol: connect, greeting,
 * STARTTLS, handshake, authentication.  What differs between SMTP, IMAP, POP3 and
 * ManageSieve is a `struct protocol` of five functions; what only one protocol
 * has (DATA, FETCH, RETR) is in its own file and takes the same session.
 *
 * A failure leaves the session in the state it had reached; its sentence begins
 * with that state's name. */
#ifndef POSTCASK_NET_SESSION_H
#define POSTCASK_NET_SESSION_H

#include "net/stream.h"
#include "net/tls.h"

struct session;

enum session_state {
	SESSION_CONNECTING,
	SESSION_GREETING,
	SESSION_STARTING_TLS, /* the command that asks for it */
	SESSION_HANDSHAKING,
	SESSION_READY,
	SESSION_AUTHENTICATED,
	SESSION_STATES
};

enum session_security {
	SECURITY_CLEAR,	  /* stay in the clear after the greeting */
	SECURITY_TLS,	  /* TLS from the start or by STARTTLS, verified */
	SECURITY_OLD_TLS, /* as above with TLS 1.0/1.1, which must be refused */
};

/* What the server last said it can do. */
enum capability {
	CAPABILITY_STARTTLS = 1 << 0,
	CAPABILITY_AUTH_PLAIN = 1 << 1,
	CAPABILITY_AUTH_LOGIN = 1 << 2, /* SASL LOGIN; in POP3 USER */
	CAPABILITY_8BITMIME = 1 << 3,
	CAPABILITY_SIZE = 1 << 4,
	CAPABILITY_IDLE = 1 << 5,
	CAPABILITY_LOGINDISABLED = 1 << 6,
	CAPABILITY_SPECIAL_USE = 1 << 7, /* RFC 6154 */
	CAPABILITY_NAMESPACE = 1 << 8,	 /* RFC 2342 */
	CAPABILITY_GMAIL = 1 << 9,	 /* Google's extensions, which only Gmail has */
};

enum mechanism {
	MECHANISM_PLAIN,   /* RFC 4616 */
	MECHANISM_LOGIN,   /* user and password one after the other; IMAP LOGIN, POP3 USER/PASS */
	MECHANISM_XOAUTH2, /* IMAP alone: a token as the password */
};

struct protocol {
	const char *name;
	/* Reads the greeting (and the capabilities, if the protocol has no
	 * better moment). */
	enum failure_class (*greet)(struct session *session);
	/* Asks for TLS; FAILURE_NONE when the server waits for the handshake. */
	enum failure_class (*start_tls)(struct session *session);
	/* After the handshake: the capabilities again (RFC 3207 §4.2). */
	enum failure_class (*encrypted)(struct session *session);
	/* FAILURE_AUTHENTICATION when the server refuses the password for good;
	 * FAILURE_POLICY when it refuses for another reason.
	 * Capabilities are not looked at, so that refusals can be provoked. */
	enum failure_class (*authenticate)(struct session *session, enum mechanism mechanism,
					   const char *user, const char *password);
	void (*quit)(struct session *session);
};

extern const struct protocol smtp_protocol;
extern const struct protocol imap_protocol;
extern const struct protocol pop3_protocol;
extern const struct protocol managesieve_protocol;
extern const struct protocol http_protocol;

struct session_params {
	const struct protocol *protocol;
	struct stream_params stream;
	bool implicit_tls; /* TLS from the first byte (RFC 8314) */
	enum session_security security;
	const struct tls_client *tls; /* for SECURITY_TLS */
	struct tls_facts *facts;      /* may be NULL */
	const char *helo;	      /* SMTP: who we say we are; NULL: selftest.invalid */
};

struct session {
	const struct protocol *protocol;
	struct stream stream;
	enum session_state state;
	unsigned capabilities; /* enum capability */
	char *greeting;	       /* owned; the server's first line */
	unsigned tag;	       /* IMAP: the last command's number */
	const char *helo;      /* as in the params */
};

#define SESSION_INIT ((struct session){.stream = STREAM_INIT})

/* Connects and goes as far as `security` says.  With SECURITY_OLD_TLS,
 * FAILURE_NONE means that the server refused the handshake. */
_must_check_ enum failure_class session_open(struct session *session,
					     const struct session_params *params);

/* Takes a session that is in the clear into TLS; of `params` it needs tls, facts,
 * security and the deadline. */
_must_check_ enum failure_class session_start_tls(struct session *session,
						  const struct session_params *params);

_must_check_ enum failure_class session_authenticate(struct session *session,
						     enum mechanism mechanism, const char *user,
						     const char *password);

/* "user NUL... " of SASL PLAIN in base64; owned by the caller, who wipes it.
 * NULL when out of memory. */
char *session_plain_response(const char *user, const char *password);

/* Says goodbye if the server still listens, and closes. */
void session_close(struct session *session);

/* session_close, and frees all of it: for _cleanup_(session_free). */
void session_free(struct session *session);

#endif
