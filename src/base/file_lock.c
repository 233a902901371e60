// SPDX-License-Identifier: GPL-3.0-or-later
/* file_lock: flock(2) with a deadline.  flock has none of its own, so a timer
 * interrupts it; the timer goes on firing, for the first signal may come between
 * the look at the clock and the call. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>

#include "base/clock.h"
#include "base/utf8.h"

enum { HOLDER_MAX = 64, INTERRUPT_AGAIN_NS = 10 * 1000 * 1000 };

static void interrupt(int number _unused_)
{
}

/* Locks until the timer that runs has passed the deadline. */
static int lock_until(int fd, int64_t deadline)
{
	while (flock(fd, LOCK_EX) < 0) {
		if (errno != EINTR)
			return -errno;
		if (clock_left_ms(deadline) == 0)
			return -ETIME;
	}
	return 0;
}

static int timer_start(int timeout_ms, timer_t *ret_timer)
{
	struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGALRM};
	struct itimerspec times = {
	    .it_value = {.tv_sec = timeout_ms / 1000, .tv_nsec = timeout_ms % 1000 * 1000000L},
	    .it_interval = {.tv_nsec = INTERRUPT_AGAIN_NS},
	};

	event._sigev_un._tid = gettid();
	if (timer_create(CLOCK_BOOTTIME, &event, ret_timer) < 0)
		return -errno;
	if (timer_settime(*ret_timer, 0, &times, NULL) < 0) {
		int result = -errno;

		timer_delete(*ret_timer);
		return result;
	}
	return 0;
}

/* The caller's SIGALRM is as it was afterwards. */
static int lock_wait(int fd, int timeout_ms)
{
	const struct sigaction ours = {.sa_handler = interrupt}; /* without SA_RESTART */
	int64_t deadline = clock_now_ms() + timeout_ms;
	struct sigaction before;
	sigset_t alarm, mask;
	timer_t timer;
	int result;

	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	if (sigaction(SIGALRM, &ours, &before) < 0)
		return -errno;
	pthread_sigmask(SIG_UNBLOCK, &alarm, &mask);
	result = timer_start(timeout_ms, &timer);
	if (result == 0) {
		result = lock_until(fd, deadline);
		timer_delete(timer);
	}
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
	sigaction(SIGALRM, &before, NULL);
	return result;
}

/* Who we are, for those who wait.  Only words: the lock does not depend on them. */
static void holder_write(int fd)
{
	char name[HOLDER_MAX];
	int size =
	    snprintf(name, sizeof(name), "%.40s[%d]", program_invocation_short_name, (int)getpid());

	if (ftruncate(fd, 0) < 0 || pwrite(fd, name, (size_t)size, 0) < 0)
		return;
}

static void holder_read(int fd, char name[HOLDER_MAX])
{
	ssize_t size = pread(fd, name, HOLDER_MAX - 1, 0);

	if (size <= 0)
		strcpy(name, "another process");
	else
		name[size] = '\0';
	ascii_make_printable(name);
}

int file_lock(const char *path, int timeout_ms, int *ret_fd, struct error *error)
{
	_cleanup_close_ int fd =
	    open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC, 0600);
	char holder[HOLDER_MAX];
	int result;

	if (fd < 0)
		return error_errno(error, errno, "%s: cannot open", path);
	result = flock(fd, LOCK_EX | LOCK_NB) < 0 ? -errno : 0;
	if (result == -EWOULDBLOCK)
		result = timeout_ms > 0 ? lock_wait(fd, timeout_ms) : -ETIME;
	if (result == -ETIME) {
		holder_read(fd, holder);
		return error_set(error, ETIME, "%s: %s has not let go of it within %d ms", path,
				 holder, timeout_ms);
	}
	if (result < 0)
		return error_errno(error, result, "%s: cannot lock", path);
	holder_write(fd);
	*ret_fd = TAKE_FD(fd);
	return 0;
}
