// SPDX-License-Identifier: GPL-3.0-or-later
#include "generation/smtpd_wait.h"

#include <string.h>
#include <sys/syscall.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"

#define MASTER_PID "/var/spool/postfix/pid/master.pid"

enum { BUSY_MS = 1000, PID_LIMIT = 64, WORDS_LIMIT = 64 * 1024, CHILDREN_LIMIT = 64 * 1024 };

static char *read_text(const char *path, size_t limit)
{
	_cleanup_(error_clear) struct error none = ERROR_INIT;
	char *text = NULL;

	return file_read(path, limit, &text, NULL, &none) == 0 ? text : NULL;
}

/* "smtpd -n smtp ...": an smtpd, and not the one on the loopback for which amavis
 * keeps its connection open. */
static bool is_smtpd(long pid)
{
	static const char outside[] = "smtpd\0-n\0", inside[] = "127.0.0.1:";
	_cleanup_(error_clear) struct error none = ERROR_INIT;
	_cleanup_free_ char *path = NULL, *words = NULL;
	size_t size = 0, prefix = sizeof(outside) - 1;

	if (asprintf(&path, "/proc/%ld/cmdline", pid) < 0 ||
	    file_read(path, WORDS_LIMIT, &words, &size, &none) < 0)
		return false;
	return size > prefix && memcmp(words, outside, prefix) == 0 &&
	       strncmp(words + prefix, inside, sizeof(inside) - 1) != 0;
}

void smtpd_wait_begin(struct smtpd_wait *wait)
{
	_cleanup_free_ char *master = read_text(MASTER_PID, PID_LIMIT), *path = NULL;
	_cleanup_free_ char *children = NULL;
	long pid = master ? strtol(master, NULL, 10) : 0;
	char *at, *end;

	wait->count = 0;
	if (pid <= 0 || asprintf(&path, "/proc/%ld/task/%ld/children", pid, pid) < 0)
		return;
	children = read_text(path, CHILDREN_LIMIT);
	for (at = children; at && wait->count < SMTPD_MAX; at = end) {
		pid = strtol(at, &end, 10);
		if (end == at)
			break;
		int fd = is_smtpd(pid) ? (int)syscall(SYS_pidfd_open, (pid_t)pid, 0) : -1;
		if (fd >= 0)
			wait->processes[wait->count++] = (struct pollfd){fd, POLLIN, 0};
	}
}

void smtpd_wait_end(struct smtpd_wait *wait)
{
	int64_t deadline = clock_now_ms() + BUSY_MS;
	size_t left = wait->count;

	while (left > 0 && poll(wait->processes, wait->count, clock_left_ms(deadline)) > 0)
		for (size_t i = 0; i < wait->count; i++)
			if (wait->processes[i].revents) { /* it has ended: poll(2) skips -1 */
				close(wait->processes[i].fd);
				wait->processes[i] = (struct pollfd){.fd = -1};
				left--;
			}
	for (size_t i = 0; i < wait->count; i++)
		if (wait->processes[i].fd >= 0)
			close(wait->processes[i].fd);
	wait->count = 0;
}
