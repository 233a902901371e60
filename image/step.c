// SPDX-License-Identifier: GPL-3.0-or-later
#include "image/step.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/file.h"

enum { REDRAW_MS = 500, ERROR_LIMIT = 8192, LOG_TAIL = 12 };

enum state { WAITING, RUNNING, FINISHED };

/* A step while it runs. */
struct run {
	enum state state;
	pid_t pid;
	int pidfd;
	int result; /* the end of a pipe: the child writes its result and error there */
	int64_t started_ms;
};

struct runner {
	const struct step *steps;
	size_t count;
	const struct step_options *options;
	struct run runs[STEP_LIMIT];
	int64_t started_ms;
	bool terminal;
};

struct result {
	int code;
	char text[ERROR_LIMIT];
};

static _Noreturn void step_child(const struct runner *runner, size_t index, int log, int pipe)
{
	const struct step *step = &runner->steps[index];
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	static struct result result;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + step->niceness);
	result.code = step->run(runner->options->context, log, &error);
	if (result.code < 0) {
		snprintf(result.text, sizeof(result.text), "%s", error_text(&error));
		dprintf(log, "postcask: %s\n", result.text);
	}
	_exit(write(pipe, &result, sizeof(result)) == (ssize_t)sizeof(result) ? 0 : 1);
}

static char *log_path(const struct runner *runner, size_t index)
{
	char *path = NULL;

	return asprintf(&path, "%s/%s.log", runner->options->logs, runner->steps[index].name) < 0
		   ? NULL
		   : path;
}

static int step_start(struct runner *runner, size_t index, struct error *error)
{
	struct run *run = &runner->runs[index];
	_cleanup_free_ char *path = log_path(runner, index);
	_cleanup_close_ int log = -1;
	int ends[2];

	if (!path)
		return error_errno(error, ENOMEM, "%s", runner->steps[index].name);
	log = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644);
	if (log < 0)
		return error_errno(error, errno, "%s", path);
	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_errno(error, errno, "cannot make a pipe");
	run->started_ms = clock_now_ms();
	run->pid = fork();
	if (run->pid == 0)
		step_child(runner, index, log, ends[1]);
	close(ends[1]);
	run->result = ends[0];
	if (run->pid < 0)
		return error_errno(error, errno, "cannot fork");
	run->state = RUNNING;
	run->pidfd = (int)syscall(SYS_pidfd_open, run->pid, 0);
	return run->pidfd < 0 ? error_errno(error, errno, "cannot watch a process") : 0;
}

static double seconds_since(int64_t start_ms)
{
	return (double)(clock_now_ms() - start_ms) / 1000;
}

/* The one line of a terminal, or its removal. */
static void progress_draw(const struct runner *runner, bool clear)
{
	_cleanup_(buffer_free) struct buffer line = BUFFER_INIT;

	if (!runner->terminal || runner->options->quiet)
		return;
	buffer_addf(&line, "%6.1f s ", seconds_since(runner->started_ms));
	for (size_t i = 0; i < runner->count; i++)
		if (runner->runs[i].state == RUNNING)
			buffer_addf(&line, " %s (%.0f s)", runner->steps[i].name,
				    seconds_since(runner->runs[i].started_ms));
	fprintf(stderr, "\r\033[K%.79s", clear ? "" : buffer_text(&line));
	fflush(stderr);
}

static void step_report(const struct runner *runner, size_t index, int code)
{
	if (runner->options->quiet || code == STEP_SKIPPED)
		return;
	progress_draw(runner, true);
	if (code == STEP_CACHED)
		fprintf(stderr, "%6.1f s  %s: as before\n", seconds_since(runner->started_ms),
			runner->steps[index].name);
	else
		fprintf(stderr, "%6.1f s  %s: %.1f s\n", seconds_since(runner->started_ms),
			runner->steps[index].name, seconds_since(runner->runs[index].started_ms));
}

/* The log's last lines, for the one who wonders what went wrong. */
static void log_show(const char *path)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	size_t size, lines = 0;

	if (file_read(path, 64 << 20, &text, &size, &error) < 0)
		return;
	while (size > 0 && (lines += text[size - 1] == '\n') <= LOG_TAIL)
		size--;
	fprintf(stderr, "%s", text + size);
}

static int step_end(struct runner *runner, size_t index, struct error *error)
{
	static struct result result;
	struct run *run = &runner->runs[index];
	const char *name = runner->steps[index].name;
	bool told = read(run->result, &result, sizeof(result)) == (ssize_t)sizeof(result);
	_cleanup_free_ char *log = log_path(runner, index);

	int status = 0;

	waitpid(run->pid, &status, 0);
	close(run->result);
	close(run->pidfd);
	run->state = FINISHED;
	if (told && result.code >= 0) {
		step_report(runner, index, result.code);
		return 0;
	}
	progress_draw(runner, true);
	if (log)
		log_show(log);
	if (!told)
		return error_set(error, EIO, "%s: %s %d; its log is %s", name,
				 WIFSIGNALED(status) ? "killed by signal" : "ended with status",
				 WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status),
				 log ? log : "lost");
	return error_set(error, result.code, "%s: %s; its log is %s", name, result.text,
			 log ? log : "lost");
}

static int ready_start(struct runner *runner, struct error *error)
{
	unsigned done = 0;

	for (size_t i = 0; i < runner->count; i++)
		done |= runner->runs[i].state == FINISHED ? 1u << i : 0;
	for (size_t i = 0; i < runner->count; i++) {
		if (runner->runs[i].state != WAITING || (runner->steps[i].after & ~done))
			continue;
		int result = step_start(runner, i, error);
		if (result < 0)
			return result;
	}
	return 0;
}

/* Waits until a running step has ended; false when none is running. */
static bool ended_wait(struct runner *runner, size_t *ret_index)
{
	struct pollfd ends[STEP_LIMIT];
	size_t indexes[STEP_LIMIT], count = 0;

	for (size_t i = 0; i < runner->count; i++) {
		if (runner->runs[i].state != RUNNING)
			continue;
		ends[count] = (struct pollfd){.fd = runner->runs[i].pidfd, .events = POLLIN};
		indexes[count++] = i;
	}
	if (count == 0)
		return false;
	for (;;) {
		progress_draw(runner, false);
		if (poll(ends, count, REDRAW_MS) <= 0)
			continue;
		for (size_t i = 0; i < count; i++)
			if (ends[i].revents) {
				*ret_index = indexes[i];
				return true;
			}
	}
}

static void all_stop(struct runner *runner)
{
	for (size_t i = 0; i < runner->count; i++)
		if (runner->runs[i].state == RUNNING) {
			kill(runner->runs[i].pid, SIGKILL);
			waitpid(runner->runs[i].pid, NULL, 0);
		}
	progress_draw(runner, true);
}

int steps_run(const struct step *steps, size_t count, const struct step_options *options,
	      struct error *error)
{
	struct runner runner = {.steps = steps,
				.count = count,
				.options = options,
				.started_ms = clock_now_ms(),
				.terminal = isatty(STDERR_FILENO)};
	size_t ended;
	int result;

	if (count > STEP_LIMIT)
		return error_set(error, E2BIG, "%zu steps", count);
	for (;;) {
		result = ready_start(&runner, error);
		if (result < 0 || !ended_wait(&runner, &ended))
			break;
		result = step_end(&runner, ended, error);
		if (result < 0)
			break;
	}
	all_stop(&runner);
	return result;
}
