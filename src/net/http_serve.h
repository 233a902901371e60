// SPDX-License-Identifier: GPL-3.0-or-later
/* HTTP/1.1 (RFC 9112) as its server, as much as Dovecot's clients and the watch speak: a
 * request with a body of known length, one after the other on a connection. */
#ifndef POSTCASK_NET_HTTP_SERVE_H
#define POSTCASK_NET_HTTP_SERVE_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/slice.h"

enum {
	HTTP_HEAD_LIMIT = 4096,
	HTTP_BODY_LIMIT = 8192,
	HTTP_REQUEST_LIMIT = HTTP_HEAD_LIMIT + HTTP_BODY_LIMIT,
};

enum http_took {
	HTTP_MORE, /* is to come */
	HTTP_WHOLE,
	HTTP_WRONG, /* nothing that follows can be made out */
};

struct http_request {
	struct slice method, target, body; /* of the text it was taken from */
	bool closes;			   /* no other will follow */
	size_t size;			   /* of all of it */
};

/* Takes the request that `text` begins with. */
enum http_took http_request_take(struct slice text, struct http_request *ret);

/* Adds an answer. */
void http_answer_add(struct buffer *output, unsigned status, const char *body, bool closes);

#endif
