// SPDX-License-Identifier: GPL-3.0-or-later
#include "tokens/visitor.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/json_file.h"
#include "base/listen.h"
#include "net/http_serve.h"

#define NOT_ACTIVE "{\"active\": \"no\"}"

struct visitor *visitor_new(int fd, int64_t now_ms)
{
	struct visitor *visitor = malloc(sizeof(*visitor));

	if (visitor)
		*visitor = (struct visitor){.fd = fd, .due_ms = now_ms + VISITOR_REQUEST_MS};
	return visitor;
}

void visitor_free(struct visitor *visitor)
{
	close(visitor->fd);
	buffer_wipe(&visitor->input); /* a token is as good as a password */
	buffer_free(&visitor->output);
	free(visitor);
}

bool visitor_sends(const struct visitor *visitor)
{
	return visitor->output.size > 0;
}

static void answer(struct visitor *visitor, const struct http_request *request, unsigned status,
		   const char *body)
{
	visitor->closes |= request->closes;
	visitor->waits = visitor->waited = false;
	http_answer_add(&visitor->output, status, body, visitor->closes);
}

/* False while it waits. */
static bool answer_token(struct visitor *visitor, const struct http_request *request,
			 visitor_judge *judge, void *context, int64_t now_ms)
{
	struct slice token = request->body;
	_cleanup_free_ char *body = NULL;
	char address[JWT_ADDRESS + 1];
	enum jwt_outcome outcome = JWT_BAD;

	if (slice_skip(&token, SLICE("token=")))
		outcome = judge(context, token, !visitor->waited, address);
	if (outcome == JWT_UNKNOWN && !visitor->waited) {
		visitor->waits = visitor->waited = true;
		visitor->due_ms = now_ms + VISITOR_WAIT_MS;
		return false;
	}
	if (outcome == JWT_GOOD) {
		_cleanup_json_ json_t *said =
		    json_pack("{s:s, s:s}", "active", "yes", "address", address);

		body = json_dumps(said, 0);
	}
	answer(visitor, request, 200, body ? body : NOT_ACTIVE);
	return true;
}

static void take_requests(struct visitor *visitor, visitor_judge *judge, void *context,
			  int64_t now_ms)
{
	while (!visitor->closes) {
		struct slice text = {buffer_text(&visitor->input), visitor->input.size};
		struct http_request request = {.closes = true};

		switch (http_request_take(text, &request)) {
		case HTTP_MORE:
			return;
		case HTTP_WRONG:
			answer(visitor, &request, 400, NOT_ACTIVE);
			return;
		case HTTP_WHOLE:
			if (slice_equal(request.method, SLICE("POST")) &&
			    slice_equal(request.target, SLICE("/introspect"))) {
				if (!answer_token(visitor, &request, judge, context, now_ms))
					return;
			} else {
				answer(visitor, &request,
				       slice_equal(request.target, SLICE("/ping")) ? 200 : 404,
				       NOT_ACTIVE);
			}
			explicit_bzero(visitor->input.data, request.size);
			buffer_consume(&visitor->input, request.size);
			break;
		}
	}
}

/* False at its end, and when it says more than anybody has to. */
static bool receive(struct visitor *visitor)
{
	static char bytes[HTTP_REQUEST_LIMIT];
	ssize_t size = recv(visitor->fd, bytes, sizeof(bytes), MSG_DONTWAIT);

	if (size < 0)
		return errno == EAGAIN || errno == EINTR;
	buffer_add(&visitor->input, bytes, (size_t)size);
	explicit_bzero(bytes, (size_t)size);
	return size > 0 && !visitor->input.failed && visitor->input.size <= 2 * HTTP_REQUEST_LIMIT;
}

static bool send_output(struct visitor *visitor)
{
	return listen_send(visitor->fd, &visitor->output, &visitor->sent) &&
	       (visitor->output.size > 0 || !visitor->closes);
}

bool visitor_work(struct visitor *visitor, bool may_read, visitor_judge *judge, void *context,
		  int64_t now_ms)
{
	bool was_idle = visitor->input.size == 0 && visitor->output.size == 0;

	if (visitor->waits && now_ms < visitor->due_ms)
		return true;
	if (!visitor->waits && now_ms >= visitor->due_ms)
		return false;
	if (visitor->output.size == 0) {
		if (may_read && !visitor->waits && !receive(visitor))
			return false;
		take_requests(visitor, judge, context, now_ms);
	}
	if (visitor->output.failed || (visitor->output.size > 0 && !send_output(visitor)))
		return false;
	if (visitor->input.size == 0 && visitor->output.size == 0)
		visitor->due_ms = now_ms + VISITOR_IDLE_MS;
	else if (was_idle && !visitor->waits)
		visitor->due_ms = now_ms + VISITOR_REQUEST_MS;
	return true;
}
