// SPDX-License-Identifier: GPL-3.0-or-later
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mailbox/worker.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/json_file.h"
#include "base/process.h"

enum { SAID_MOST = 64 * 1024 * 1024 };

/* ---- In the child ---- */

static void tell(int fd, const json_t *said)
{
	_cleanup_free_ char *text = json_dumps(said, JSON_COMPACT);

	if (!text || file_write_all(fd, text, strlen(text)) < 0 || file_write_all(fd, "\n", 1) < 0)
		_exit(1);
}

static void tell_error(int fd, const struct error *error)
{
	_cleanup_json_ json_t *list = json_array(), *said = NULL;

	json_add_sentence(list, "%s", error_text(error));
	said = json_pack("{s:O, s:i}", "error", json_array_get(list, 0), "code", -error->code);
	tell(fd, said);
}

static _Noreturn void run_child(struct worker *worker, int fd)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	int result = process_become_owner(MAILBOX_MAIL, &error);

	prctl(PR_SET_PDEATHSIG, SIGKILL); /* after the change, which forgets it */
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	for (size_t i = 0; result == 0 && worker->steps[i]; i++) {
		_cleanup_json_ json_t *said = json_object();
		char go;

		/* Only what is told to is done: whoever asked may have gone. */
		if (read(fd, &go, 1) != 1)
			break;
		result = worker->steps[i](worker->context, said, &error);
		if (result == 0)
			tell(fd, said);
	}
	if (result < 0)
		tell_error(fd, &error);
	fflush(NULL);
	_exit(0);
}

/* ---- In the parent ---- */

int worker_start(struct worker *worker, struct error *error)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return error_errno(error, errno, "cannot make a socket");
	fflush(NULL);
	worker->child = fork();
	if (worker->child == 0) {
		close(ends[0]);
		run_child(worker, ends[1]);
	}
	close(ends[1]);
	if (worker->child < 0) {
		close(ends[0]);
		return error_errno(error, errno, "cannot start");
	}
	worker->fd = ends[0];
	return 0;
}

static int read_answer(struct worker *worker, int64_t deadline_ms, struct buffer *text,
		       struct error *error)
{
	for (;;) {
		struct pollfd wait = {worker->fd, POLLIN, 0};
		char bytes[4096];
		ssize_t size;

		if (poll(&wait, 1, clock_left_ms(deadline_ms)) <= 0)
			return error_set(error, ETIME, "it took too long");
		size = recv(worker->fd, bytes, sizeof(bytes), 0);
		if (size <= 0 || text->size > SAID_MOST)
			return error_set(error, EIO, "it ended without an answer");
		buffer_add(text, bytes, (size_t)size);
		if (bytes[size - 1] == '\n')
			return 0;
	}
}

int worker_step(struct worker *worker, int timeout_ms, json_t **ret, struct error *error)
{
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;
	_cleanup_json_ json_t *said = NULL;
	int64_t deadline_ms = clock_now_ms() + timeout_ms;
	int result;

	if (send(worker->fd, "g", 1, MSG_NOSIGNAL) != 1)
		return error_set(error, EIO, "it has ended");
	result = read_answer(worker, deadline_ms, &text, error);
	if (result < 0)
		return result;
	said = json_loads(buffer_text(&text), 0, NULL);
	if (!json_is_object(said))
		return error_set(error, EBADMSG, "its answer is none");
	if (json_text(said, "error")[0]) {
		long long code = json_number(said, "code");

		return error_set(error, code > 0 && code < 4096 ? (int)code : EIO, "%s",
				 json_text(said, "error"));
	}
	*ret = TAKE_POINTER(said);
	return 0;
}

void worker_end(struct worker *worker)
{
	if (worker->child > 0) {
		close(worker->fd);
		kill(worker->child, SIGKILL);
		while (waitpid(worker->child, NULL, 0) < 0 && errno == EINTR)
			;
	}
	worker->child = 0;
}

int mailbox_as_owner(int (*work)(void *context, json_t *said, struct error *error), void *context,
		     int timeout_ms, json_t **ret, struct error *error)
{
	_cleanup_(worker_end) struct worker worker = {.steps = {work}, .context = context};
	int result = worker_start(&worker, error);

	return result < 0 ? result : worker_step(&worker, timeout_ms, ret, error);
}
