// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/ask.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/json_file.h"

static int no_answer(const struct ask_params *params, struct error *error)
{
	return error_set(error, ETIME, "%s", params->silent);
}

static int cannot_connect(const struct ask_params *params, int code, struct error *error)
{
	if (code == EAGAIN)
		return no_answer(params, error);
	if (code == EACCES || code == EPERM)
		return error_set(error, EACCES, "%s", params->denied);
	return error_set(error, ENOENT, "%s", params->absent);
}

/* The text may hold a password's hash. */
static int send_question(int fd, const struct ask_params *params, const json_t *question,
			 struct error *error)
{
	_cleanup_free_ char *text = json_dumps(question, JSON_COMPACT);
	size_t size = text ? strlen(text) : 0;
	ssize_t sent;

	if (!text)
		return error_set(error, ENOMEM, "out of memory");
	text[size] = '\n'; /* in place of its end */
	/* It is small, and the socket empty. */
	sent = send(fd, text, size + 1, MSG_NOSIGNAL);
	explicit_bzero(text, size + 1);
	return sent == (ssize_t)size + 1 ? 0 : no_answer(params, error);
}

static int read_answer(int fd, const struct ask_params *params, struct buffer *answer,
		       struct error *error)
{
	int64_t deadline_ms = clock_now_ms() + params->patience_ms;

	for (;;) {
		struct pollfd wait = {fd, POLLIN, 0};
		char bytes[16384];
		ssize_t size;

		if (poll(&wait, 1, clock_left_ms(deadline_ms)) <= 0 || answer->size > params->limit)
			return no_answer(params, error);
		size = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);
		if (size == 0)
			return 0;
		if (size < 0 && errno != EAGAIN && errno != EINTR)
			return no_answer(params, error);
		if (size > 0)
			buffer_add(answer, bytes, (size_t)size);
	}
}

int ask_service(const struct ask_params *params, const json_t *question, json_t **ret_answer,
		struct error *error)
{
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;
	_cleanup_json_ json_t *answer = NULL;
	const struct timeval patience = {.tv_sec = params->patience_ms / 1000,
					 .tv_usec = params->patience_ms % 1000 * 1000};
	int result;

	/* It is also how long connect(2) waits when it hangs. */
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) < 0)
		return error_errno(error, errno, "no socket");
	if (file_connect(fd, params->path) < 0)
		return cannot_connect(params, errno, error);
	result = send_question(fd, params, question, error);
	if (result == 0)
		result = read_answer(fd, params, &text, error);
	if (result < 0)
		return result;
	answer = json_loadb(buffer_text(&text), text.size, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(answer))
		return no_answer(params, error);
	if (json_object_get(answer, "error"))
		return error_set(error, EINVAL, "%s", json_text(answer, "error"));
	*ret_answer = TAKE_POINTER(answer);
	return 0;
}

char *ask_answer(const struct ask_verb *verbs, size_t count, void *context, struct slice question)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_json_ json_t *asked =
	    json_loadb(question.at, question.size, JSON_REJECT_DUPLICATES, NULL);
	_cleanup_json_ json_t *answer = json_object();
	int result = error_set(&error, EINVAL, "this is no question");

	for (size_t i = 0; i < count; i++)
		if (strcmp(json_text(asked, "do"), verbs[i].name) == 0) {
			error_clear(&error);
			result = verbs[i].answer(context, asked, answer, &error);
		}
	if (result < 0) {
		json_object_clear(answer);
		json_object_set_new(answer, "error", json_string(error_text(&error)));
	}
	return json_dumps(answer, JSON_COMPACT);
}
