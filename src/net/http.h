// SPDX-License-Identifier: GPL-3.0-or-later
/* HTTP/1.1 (RFC 9112), as much as asking our own web server for a file takes: GET on a session
 * opened with http_protocol, one answer with a Content-Length.  Anything else, a chunked body
 * among it, is FAILURE_PROTOCOL. */
#ifndef POSTCASK_NET_HTTP_H
#define POSTCASK_NET_HTTP_H

#include "net/session.h"

enum { HTTP_HEADERS = 64, HTTP_BODY = 64 * 1024 };

struct http_answer {
	unsigned status;    /* 200 */
	char *type;	    /* owned; Content-Type, NULL when there is none */
	bool tells_server;  /* it has a Server header, which tells what to attack */
	struct buffer body; /* at most HTTP_BODY bytes */
};

#define HTTP_ANSWER_INIT ((struct http_answer){0})

/* Asks `host` for `path`.  The session may be asked again afterwards.  `ret` is to be given
 * back with http_answer_clear in any case. */
_must_check_ enum failure_class http_get(struct session *session, const char *host,
					 const char *path, struct http_answer *ret);

void http_answer_clear(struct http_answer *answer); /* for _cleanup_(http_answer_clear) */

#endif
