// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/clock.h"

enum { DEFAULT_OUTPUT_LIMIT = 64 * 1024 };

struct pipes {
	int input[2];  /* parent writes [1], child reads [0] */
	int output[2]; /* child writes [1], parent reads [0] */
	int status[2]; /* child writes an errno when it cannot exec; closed by exec */
};

static void pipes_close(struct pipes *pipes)
{
	int *ends[] = {pipes->input, pipes->output, pipes->status};

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		cleanup_close(&ends[i][0]);
		cleanup_close(&ends[i][1]);
	}
}

static void end_close(int *fd)
{
	cleanup_close(fd);
	*fd = -1;
}

/* In the child: sets everything up and execs; reports an errno otherwise. */
static _Noreturn void child_run(const struct process *process, struct pipes *pipes)
{
	int result = 0;
	sigset_t none;

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	int output = process->output_fd > 0 ? process->output_fd : pipes->output[1];
	if (dup2(pipes->input[0], STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0 ||
	    dup2(output, STDERR_FILENO) < 0)
		result = -errno;
	if (result == 0 && process->directory && chdir(process->directory) < 0)
		result = -errno;
	if (result == 0 && process->prepare)
		result = process->prepare(process->context);
	if (result == 0) {
		if (process->environment)
			environ = (char **)process->environment;
		execvp(process->argv[0], (char *const *)process->argv);
		result = -errno;
	}
	if (write(pipes->status[1], &result, sizeof(result)) < 0)
		_exit(126);
	_exit(127);
}

/* write(2) to a child that may have ended.  A pipe has no MSG_NOSIGNAL, and what the program
 * does at a SIGPIPE is its own affair, so this thread's is taken back. */
static ssize_t write_quietly(int fd, const char *bytes, size_t size)
{
	const struct timespec at_once = {0};
	sigset_t signals, before;
	ssize_t put;

	sigemptyset(&signals);
	sigaddset(&signals, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &signals, &before);
	put = write(fd, bytes, size);
	if (put < 0 && errno == EPIPE) {
		sigtimedwait(&signals, NULL, &at_once);
		errno = EPIPE;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return put;
}

static void input_pump(struct pipes *pipes, const struct process *process, size_t *done)
{
	ssize_t put =
	    write_quietly(pipes->input[1], process->input + *done, process->input_size - *done);

	if (put > 0)
		*done += (size_t)put;
	if ((put < 0 && errno != EAGAIN) || *done == process->input_size)
		end_close(&pipes->input[1]);
}

static void output_pump(struct pipes *pipes, const struct process *process, struct buffer *output)
{
	size_t limit = process->output_limit ? process->output_limit : DEFAULT_OUTPUT_LIMIT;
	char chunk[4096];
	ssize_t got = read(pipes->output[0], chunk, sizeof(chunk));

	if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
		end_close(&pipes->output[0]);
	if (got > 0 && output && output->size < limit)
		buffer_add(output, chunk,
			   (size_t)got < limit - output->size ? (size_t)got : limit - output->size);
}

/* Moves input and output until the child has ended and what it wrote is read, or
 * there is nothing more to move, or the deadline.  A grandchild that holds the
 * output open does not keep us. */
static void pipes_serve(struct pipes *pipes, const struct process *process, int pidfd,
			int64_t deadline, struct buffer *output)
{
	size_t done = 0;

	while (pipes->input[1] >= 0 || pipes->output[0] >= 0) {
		struct pollfd ends[] = {{.fd = pipes->output[0], .events = POLLIN},
					{.fd = pipes->input[1], .events = POLLOUT},
					{.fd = pidfd, .events = POLLIN}};

		int ready = poll(ends, ARRAY_SIZE(ends), clock_left_ms(deadline));
		if (ready < 0 && errno == EINTR)
			continue;
		if (ready <= 0)
			return;
		if (ends[1].revents)
			input_pump(pipes, process, &done);
		if (ends[0].revents)
			output_pump(pipes, process, output);
		else if (ends[2].revents)
			return;
	}
}

/* Waits for the end of the child, killing its group at the deadline.  Output
 * that a left-behind grandchild holds open does not keep us beyond the child. */
static int child_wait(pid_t pid, int pidfd, int64_t deadline, int *ret_status)
{
	struct pollfd end = {.fd = pidfd, .events = POLLIN};
	int ready;
	bool late;

	do
		ready = poll(&end, 1, clock_left_ms(deadline));
	while (ready < 0 && errno == EINTR);
	late = ready <= 0;
	if (late)
		kill(-pid, SIGKILL);
	while (waitpid(pid, ret_status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return late ? -ETIME : 0;
}

static int parent_run(const struct process *process, struct pipes *pipes, pid_t pid,
		      struct buffer *output, struct error *error)
{
	int64_t deadline = clock_now_ms() + process->timeout_ms;
	_cleanup_close_ int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	int status = 0, failure = 0, result;

	end_close(&pipes->input[0]);
	end_close(&pipes->output[1]);
	end_close(&pipes->status[1]);
	fcntl(pipes->input[1], F_SETFL, O_NONBLOCK);
	if (!process->input_size)
		end_close(&pipes->input[1]);
	pipes_serve(pipes, process, pidfd, deadline, output);
	result = child_wait(pid, pidfd, deadline, &status);
	if (result == -ETIME)
		return error_set(error, ETIME, "%s: not done after %d ms", process->argv[0],
				 process->timeout_ms);
	if (result < 0)
		return error_errno(error, result, "%s: cannot wait", process->argv[0]);
	if (read(pipes->status[0], &failure, sizeof(failure)) == (ssize_t)sizeof(failure))
		return error_errno(error, failure, "%s: cannot run", process->argv[0]);
	if (WIFSIGNALED(status))
		return error_set(error, EINTR, "%s: killed by signal %d", process->argv[0],
				 WTERMSIG(status));
	return WEXITSTATUS(status);
}

int process_become_owner(const char *folder, struct error *error)
{
	struct stat status;

	if (geteuid() != 0)
		return 0;
	if (stat(folder, &status) < 0 || setgroups(0, NULL) < 0 ||
	    setresgid(status.st_gid, status.st_gid, status.st_gid) < 0 ||
	    setresuid(status.st_uid, status.st_uid, status.st_uid) < 0)
		return error_errno(error, errno, "cannot become the owner of %s", folder);
	return 0;
}

int process_run(const struct process *process, struct buffer *output, struct error *error)
{
	_cleanup_(pipes_close) struct pipes pipes = {{-1, -1}, {-1, -1}, {-1, -1}};
	pid_t pid;

	if (pipe2(pipes.input, O_CLOEXEC) < 0 || pipe2(pipes.output, O_CLOEXEC) < 0 ||
	    pipe2(pipes.status, O_CLOEXEC) < 0)
		return error_errno(error, errno, "%s: cannot make a pipe", process->argv[0]);
	pid = fork();
	if (pid < 0)
		return error_errno(error, errno, "%s: cannot fork", process->argv[0]);
	if (pid == 0)
		child_run(process, &pipes);
	setpgid(pid, pid); /* as the child does: whoever comes first, there is a group to kill */
	return parent_run(process, &pipes, pid, output, error);
}
