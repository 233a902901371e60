// SPDX-License-Identifier: GPL-3.0-or-later
#include "guard/control.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json_file.h"

static int no_answer(struct error *error)
{
	return error_set(error, ETIME,
			 "postcask-guard gives no answer; `systemctl restart postcask-guard` ends "
			 "it and starts it again, and who is banned stays so");
}

static int no_guard(int code, struct error *error)
{
	if (code == -EACCES || code == -EPERM)
		return error_set(error, EACCES, "bans are for root to see and change; use sudo");
	return error_set(error, ENOENT,
			 "postcask-guard does not run, so it cannot be asked; bans in force end by "
			 "themselves, and `nft list table inet postcask_ban` shows them "
			 "(`systemctl status postcask-guard`, ban.enabled of the settings)");
}

static int send_question(int fd, const json_t *question, struct error *error)
{
	_cleanup_free_ char *text = json_dumps(question, JSON_COMPACT);
	size_t size = text ? strlen(text) : 0;

	if (!text)
		return error_set(error, ENOMEM, "out of memory");
	text[size] = '\n'; /* in place of its end */
	/* It is small, and the socket empty. */
	if (send(fd, text, size + 1, MSG_NOSIGNAL) != (ssize_t)size + 1)
		return no_answer(error);
	return 0;
}

static int read_answer(int fd, struct buffer *answer, struct error *error)
{
	int64_t deadline_ms = clock_now_ms() + CONTROL_MS;

	for (;;) {
		struct pollfd wait = {fd, POLLIN, 0};
		char bytes[16384];
		ssize_t size;

		if (poll(&wait, 1, clock_left_ms(deadline_ms)) <= 0 ||
		    answer->size > CONTROL_ANSWER)
			return no_answer(error);
		size = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);
		if (size == 0)
			return 0;
		if (size < 0 && errno != EAGAIN && errno != EINTR)
			return no_answer(error);
		if (size > 0)
			buffer_add(answer, bytes, (size_t)size);
	}
}

int control_ask(const char *path, const json_t *question, json_t **ret_answer, struct error *error)
{
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;
	_cleanup_json_ json_t *answer = NULL;
	const struct timeval patience = {.tv_sec = CONTROL_MS / 1000};
	int result;

	/* It is also how long connect(2) waits when it hangs. */
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) < 0)
		return error_errno(error, errno, "no socket");
	if (file_connect(fd, path) < 0)
		return errno == EAGAIN ? no_answer(error) : no_guard(-errno, error);
	result = send_question(fd, question, error);
	if (result == 0)
		result = read_answer(fd, &text, error);
	if (result < 0)
		return result;
	answer = json_loadb(buffer_text(&text), text.size, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(answer))
		return no_answer(error);
	if (json_object_get(answer, "error"))
		return error_set(error, EINVAL, "%s", json_text(answer, "error"));
	*ret_answer = TAKE_POINTER(answer);
	return 0;
}
