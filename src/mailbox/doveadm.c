// SPDX-License-Identifier: GPL-3.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/process.h"
#include "base/slice.h"
#include "mailbox/mailbox.h"

#define CONFIG "/usr/share/postcask/mailbox.conf"
/* What the mailbox's own settings are (dovecot.conf), and a copy's would not be. */
#define ESCAPE "mailbox_list_storage_escape_char=\x7f"

enum {
	WORDS = 40,
	SAID_LIMIT = 64 * 1024 * 1024, /* of a hundred thousand folders */
	PIECE = 65536,
};

struct call {
	struct buffer user, home, driver, path;
	const char *environment[4];
	const char *argv[WORDS];
};

static void call_free(struct call *call)
{
	buffer_free(&call->user);
	buffer_free(&call->home);
	buffer_free(&call->driver);
	buffer_free(&call->path);
}

static int make_call(const struct mailbox_owner *owner, const struct mailbox_format *format,
		     const char *form, const char *const *words, struct call *call,
		     struct error *error)
{
	const char *const first[] = {"doveadm", "-c", CONFIG, "-f", form, "-o"};
	size_t count = 0;

	*call = (struct call){BUFFER_INIT, BUFFER_INIT, BUFFER_INIT, BUFFER_INIT, {NULL}, {NULL}};
	buffer_addf(&call->user, "USER=%s", owner->login);
	buffer_addf(&call->home, "HOME=%s", owner->home);
	buffer_addf(&call->driver, "mail_driver=%s", format->name);
	buffer_addf(&call->path, "mail_path=%s/%s", owner->home, format->folder);
	if (call->user.failed || call->home.failed || call->driver.failed || call->path.failed)
		return error_set(error, ENOMEM, "out of memory");
	call->environment[0] = buffer_text(&call->user);
	call->environment[1] = buffer_text(&call->home);
	call->environment[2] = "PATH=/usr/bin:/bin";
	for (size_t i = 0; i < ARRAY_SIZE(first); i++)
		call->argv[count++] = first[i];
	call->argv[count++] = buffer_text(&call->driver);
	call->argv[count++] = "-o";
	call->argv[count++] = buffer_text(&call->path);
	for (; *words && count < WORDS - 1; words++)
		call->argv[count++] = *words;
	return 0;
}

/* It ends with who asked. */
static int end_with_parent(void *context _unused_)
{
	return prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 ? -errno : 0;
}

static struct process process_of(const struct call *call, int timeout_ms)
{
	return (struct process){.argv = call->argv,
				.environment = call->environment,
				.directory = "/",
				.timeout_ms = timeout_ms,
				.output_limit = SAID_LIMIT,
				.prepare = end_with_parent};
}

int mailbox_ask(const struct mailbox_owner *owner, const struct mailbox_format *format,
		const char *const *words, int timeout_ms, struct buffer *said, struct error *error)
{
	_cleanup_(call_free) struct call call;
	struct process process;
	int result = make_call(owner, format, "tab", words, &call, error);

	if (result < 0)
		return result;
	process = process_of(&call, timeout_ms);
	result = process_run(&process, said, error);
	return result <= 0
		   ? result
		   : error_set(error, EIO, "doveadm %s: %.300s", words[0], buffer_text(said));
}

/* ---- Piece by piece ---- */

static _Noreturn void run_writer(struct process *process, int output)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	int status;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	process->output_fd = output;
	status = process_run(process, NULL, &error);
	_exit(status < 0 ? 255 : status);
}

static int read_pieces(int fd, int (*take)(void *, const char *, size_t, struct error *),
		       void *context, struct error *error)
{
	int64_t deadline_ms = clock_now_ms() + MAILBOX_COPY_MS;
	_cleanup_free_ char *piece = malloc(PIECE);

	if (!piece)
		return error_set(error, ENOMEM, "out of memory");
	for (;;) {
		struct pollfd wait = {fd, POLLIN, 0};
		ssize_t size;
		int result;

		if (poll(&wait, 1, clock_left_ms(deadline_ms)) <= 0)
			return error_set(error, ETIME, "doveadm took too long");
		size = read(fd, piece, PIECE);
		if (size == 0)
			return 0;
		if (size < 0)
			return error_errno(error, errno, "cannot read what doveadm says");
		result = take(context, piece, (size_t)size, error);
		if (result < 0)
			return result;
	}
}

int mailbox_ask_long(const struct mailbox_owner *owner, const struct mailbox_format *format,
		     const char *const *words,
		     int (*take)(void *context, const char *bytes, size_t size,
				 struct error *error),
		     void *context, struct error *error)
{
	_cleanup_(call_free) struct call call;
	_cleanup_close_ int input = -1;
	struct process process;
	int ends[2], status = 0, result = make_call(owner, format, "pager", words, &call, error);
	pid_t writer;

	if (result < 0)
		return result;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_errno(error, errno, "cannot make a pipe");
	input = ends[0];
	process = process_of(&call, MAILBOX_COPY_MS);
	writer = fork();
	if (writer == 0)
		run_writer(&process, ends[1]);
	close(ends[1]);
	if (writer < 0)
		return error_errno(error, errno, "cannot start doveadm");
	result = read_pieces(input, take, context, error);
	if (result < 0)
		kill(writer, SIGKILL);
	while (waitpid(writer, &status, 0) < 0 && errno == EINTR)
		;
	if (result == 0 && (!WIFEXITED(status) || WEXITSTATUS(status) != 0))
		result = error_set(error, EIO, "doveadm %s did not end well", words[0]);
	return result;
}

int mailbox_copy(const struct mailbox_owner *owner, const struct mailbox_format *from,
		 const struct mailbox_format *to, int timeout_ms, struct error *error)
{
	_cleanup_(buffer_free) struct buffer said = BUFFER_INIT, where = BUFFER_INIT;
	const char *words[] = {"backup", "--no-userdb-lookup", "-p", ESCAPE, NULL, NULL};

	buffer_addf(&where, "%s:%s/%s", to->name, owner->home, to->folder);
	words[4] = buffer_text(&where);
	return mailbox_ask(owner, from, words, timeout_ms, &said, error);
}
