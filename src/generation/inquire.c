// SPDX-License-Identifier: GPL-3.0-or-later
#include "generation/inquire.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"

enum { ANSWER_LIMIT = 64 * 1024 };

static int socket_connect(const char *path, int *ret_fd, struct error *error)
{
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || file_connect(fd, path) < 0)
		return error_errno(error, errno, "%s", path);
	*ret_fd = TAKE_FD(fd);
	return 0;
}

/* A question fits into the socket's own memory, so it is sent in one go or not. */
static int question_send(int fd, const char *path, const char *question, struct error *error)
{
	_cleanup_(buffer_free) struct buffer line = BUFFER_INIT;

	buffer_addf(&line, "%s\n", question);
	if (line.failed)
		return error_set(error, ENOMEM, "out of memory");
	ssize_t sent = send(fd, line.data, line.size, MSG_NOSIGNAL);
	if (sent != (ssize_t)line.size)
		return error_errno(error, sent < 0 ? errno : EMSGSIZE, "%s", path);
	return 0;
}

static int answer_receive(int fd, const char *path, int64_t deadline_ms, struct buffer *answer,
			  struct error *error)
{
	char bytes[4096];

	for (;;) {
		struct pollfd wait = {.fd = fd, .events = POLLIN};
		int ready = poll(&wait, 1, clock_left_ms(deadline_ms));
		ssize_t got = ready > 0 ? recv(fd, bytes, sizeof(bytes), 0) : 0;

		if (ready == 0)
			return error_set(error, ETIME, "%s: no answer in time", path);
		if ((ready < 0 || got < 0) && errno != EINTR && errno != EAGAIN)
			return error_errno(error, errno, "%s", path);
		if (ready > 0 && got == 0)
			break;
		if (ready > 0 && got > 0)
			buffer_add(answer, bytes, (size_t)got);
		if (answer->size > ANSWER_LIMIT || answer->failed)
			return error_set(error, EMSGSIZE, "%s: the answer is too long", path);
	}
	return answer->size ? 0 : error_set(error, ENODATA, "%s: no answer", path);
}

int inquire(const char *path, const char *question, int timeout_ms, struct buffer *answer,
	    struct error *error)
{
	int64_t deadline_ms = clock_now_ms() + timeout_ms;
	_cleanup_close_ int fd = -1;
	int result = socket_connect(path, &fd, error);

	if (result == 0)
		result = question_send(fd, path, question, error);
	return result < 0 ? result : answer_receive(fd, path, deadline_ms, answer, error);
}
