// SPDX-License-Identifier: GPL-3.0-or-later
#include "image/sandbox.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* In the child, which is process 1 of its namespace. */
static _Noreturn void child_run(int (*work)(void *), void *context)
{
	sigset_t none;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setsid(); /* the terminal's ^C goes to the parent alone */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("proc", "/proc", "proc", MS_NOSUID | MS_NOEXEC | MS_NODEV, NULL) < 0) {
		struct error error = ERROR_INIT;

		error_errno(&error, errno, "cannot make a private mount namespace");
		error_print(&error);
		_exit(1);
	}
	_exit(work(context));
}

/* Waits for the child's end or a signal to us, which ends the child. */
static int child_wait(pid_t pid, int signals, struct error *error)
{
	_cleanup_close_ int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd ends[] = {{.fd = pidfd, .events = POLLIN}, {.fd = signals, .events = POLLIN}};
	bool interrupted = false;
	int status;

	if (pidfd < 0)
		return error_errno(error, errno, "cannot watch a process");
	while (poll(ends, 2, -1) < 0 && errno == EINTR)
		continue;
	if (ends[1].revents && !ends[0].revents) {
		struct signalfd_siginfo taken; /* or it ends us when it is not blocked any more */

		interrupted = read(signals, &taken, sizeof(taken)) == (ssize_t)sizeof(taken);
		kill(pid, SIGKILL);
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return error_errno(error, errno, "cannot wait");
	if (interrupted)
		return error_set(error, EINTR, "interrupted");
	if (WIFSIGNALED(status))
		return error_set(error, EIO, "the build was killed by signal %d", WTERMSIG(status));
	return WEXITSTATUS(status);
}

int sandbox_run(int (*work)(void *context), void *context, struct error *error)
{
	sigset_t watched, before;
	pid_t pid;
	int result;

	sigemptyset(&watched);
	sigaddset(&watched, SIGINT);
	sigaddset(&watched, SIGTERM);
	sigaddset(&watched, SIGHUP);
	sigprocmask(SIG_BLOCK, &watched, &before);
	_cleanup_close_ int signals = signalfd(-1, &watched, SFD_CLOEXEC);
	if (signals < 0)
		return error_errno(error, errno, "cannot watch signals");
	if (unshare(CLONE_NEWPID) < 0)
		return error_errno(error, errno, "cannot make a process namespace");
	pid = fork();
	if (pid < 0)
		return error_errno(error, errno, "cannot fork");
	if (pid == 0)
		child_run(work, context);
	result = child_wait(pid, signals, error);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return result;
}

static int loopback_up(void)
{
	_cleanup_close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = {.ifr_name = "lo"};

	if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &request) < 0)
		return -errno;
	request.ifr_flags |= IFF_UP;
	return ioctl(fd, SIOCSIFFLAGS, &request) < 0 ? -errno : 0;
}

#define RETURN_ZERO_FOR(number)                                                                    \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),                                         \
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 0)

int sandbox_prepare_offline(void *context)
{
	struct sock_filter filter[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	    RETURN_ZERO_FOR(SYS_fsync),
	    RETURN_ZERO_FOR(SYS_fdatasync),
	    RETURN_ZERO_FOR(SYS_sync),
	    RETURN_ZERO_FOR(SYS_syncfs),
	    RETURN_ZERO_FOR(SYS_sync_file_range),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {.len = ARRAY_SIZE(filter), .filter = filter};

	(void)context;
	if (unshare(CLONE_NEWNET) < 0)
		return -errno;
	if (loopback_up() < 0)
		return -errno;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0 ? -errno : 0;
}
