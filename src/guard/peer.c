// SPDX-License-Identifier: GPL-3.0-or-later
#include "guard/peer.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/json_file.h"
#include "base/listen.h"
#include "guard/control.h"
#include "guard/login.h"
#include "net/http_serve.h"

struct peer *peer_new(int fd, enum peer_talk talk, int64_t now_ms)
{
	struct peer *peer = malloc(sizeof(*peer));

	if (peer)
		*peer = (struct peer){.fd = fd, .talk = talk, .due_ms = now_ms + PEER_REQUEST_MS};
	return peer;
}

void peer_free(struct peer *peer)
{
	close(peer->fd);
	buffer_free(&peer->input);
	buffer_free(&peer->output);
	free(peer);
}

short peer_events(const struct peer *peer)
{
	return peer->output.size > 0 ? POLLOUT : POLLIN;
}

/* ---- HTTP ---- */

static void hear_login(struct guard *guard, struct slice body)
{
	_cleanup_json_ json_t *said = login_parse(body);
	struct network network;
	struct judge_try try;
	struct use use;

	switch (login_read(&guard->judge, said, &network, &try)) {
	case LOGIN_NOTHING:
		break;
	case LOGIN_GOOD:
		guard_succeed(guard, &network);
		if (use_read(said, &use))
			guard_use(guard, &use);
		break;
	case LOGIN_WRONG:
		guard_fail(guard, &network, &try);
		break;
	}
}

/* Dovecot may ask before a login too (command=allow): nobody is refused here. */
static void answer_request(struct peer *peer, struct guard *guard,
			   const struct http_request *request)
{
	unsigned status = 404;

	if (slice_equal(request->method, SLICE("GET"))) {
		status = slice_equal(request->target, SLICE("/ping")) ? 200 : 404;
	} else if (slice_equal(request->method, SLICE("POST"))) {
		status = 200;
		if (slice_ends(request->target, SLICE("command=report")))
			hear_login(guard, request->body);
	}
	peer->closes |= request->closes;
	http_answer_add(&peer->output, status, "{\"status\":0}", peer->closes);
}

static void take_requests(struct peer *peer, struct guard *guard)
{
	while (!peer->closes) {
		struct slice text = {buffer_text(&peer->input), peer->input.size};
		struct http_request request;

		switch (http_request_take(text, &request)) {
		case HTTP_MORE:
			return;
		case HTTP_WRONG:
			peer->closes = true;
			http_answer_add(&peer->output, 400, "{\"status\":0}", true);
			return;
		case HTTP_WHOLE:
			answer_request(peer, guard, &request);
			buffer_consume(&peer->input, request.size);
			break;
		}
	}
}

/* ---- postcask ban ---- */

static void take_question(struct peer *peer, struct guard *guard)
{
	struct slice text = {buffer_text(&peer->input), peer->input.size}, question;
	_cleanup_free_ char *answer = NULL;

	if (!slice_until(&text, SLICE("\n"), &question))
		return;
	peer->closes = true;
	answer = control_answer(guard, question);
	if (answer)
		buffer_add_text(&peer->output, answer);
}

/* ---- Both ---- */

/* False at its end, and when it says more than anybody has to. */
static bool receive(struct peer *peer)
{
	static char bytes[HTTP_REQUEST_LIMIT];
	ssize_t size = recv(peer->fd, bytes, sizeof(bytes), MSG_DONTWAIT);

	if (size < 0)
		return errno == EAGAIN || errno == EINTR;
	if (size == 0)
		return false;
	buffer_add(&peer->input, bytes, (size_t)size);
	return !peer->input.failed && peer->input.size <= 2 * HTTP_REQUEST_LIMIT;
}

static bool send_output(struct peer *peer)
{
	return listen_send(peer->fd, &peer->output, &peer->sent) &&
	       (peer->output.size > 0 || !peer->closes);
}

bool peer_work(struct peer *peer, struct guard *guard, int64_t now_ms)
{
	bool was_idle = peer->input.size == 0 && peer->output.size == 0;

	if (now_ms >= peer->due_ms)
		return false;
	if (peer->output.size == 0) {
		if (!receive(peer))
			return false;
		if (peer->talk == PEER_HTTP)
			take_requests(peer, guard);
		else
			take_question(peer, guard);
	}
	if (peer->output.failed || (peer->output.size > 0 && !send_output(peer)))
		return false;
	if (peer->input.size == 0 && peer->output.size == 0)
		peer->due_ms = now_ms + PEER_IDLE_MS;
	else if (was_idle)
		peer->due_ms = now_ms + PEER_REQUEST_MS;
	return true;
}
