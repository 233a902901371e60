// SPDX-License-Identifier: GPL-3.0-or-later
#include "watch/program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"

enum {
	FILE_LIMIT = 64 * 1024,
};

char *unit_file(const char *cgroups, const char *unit, const char *name)
{
	_cleanup_free_ char *path = NULL;
	char *text = NULL;

	if (asprintf(&path, "%s/%s/%s", cgroups, unit, name) < 0) {
		path = NULL;
		return NULL;
	}
	return file_read(path, FILE_LIMIT, &text, NULL, NULL) < 0 ? NULL : text;
}

/* proc_pid_stat(5): the state follows the name in parentheses, which may hold some itself. */
static bool waits_for_disk(long thread)
{
	_cleanup_free_ char *path = NULL;
	_cleanup_free_ char *text = NULL;
	const char *name_end;

	if (asprintf(&path, "/proc/%ld/stat", thread) < 0) {
		path = NULL;
		return false;
	}
	if (file_read(path, FILE_LIMIT, &text, NULL, NULL) < 0)
		return false;
	name_end = strrchr(text, ')');
	return name_end && strncmp(name_end, ") D", 3) == 0;
}

bool unit_waits_for_disk(const char *cgroups, const char *unit)
{
	_cleanup_free_ char *text = unit_file(cgroups, unit, "cgroup.threads");
	char *rest = NULL;

	if (!text)
		return false;
	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		long thread = strtol(line, NULL, 10);

		if (thread > 0 && waits_for_disk(thread))
			return true;
	}
	return false;
}

static bool runs(pid_t pid, const char *program)
{
	_cleanup_free_ char *path = NULL;
	_cleanup_free_ char *text = NULL;
	size_t size = strlen(program);

	if (asprintf(&path, "/proc/%d/comm", (int)pid) < 0) {
		path = NULL;
		return false;
	}
	return file_read(path, FILE_LIMIT, &text, NULL, NULL) == 0 &&
	       strncmp(text, program, size) == 0 && strcmp(text + size, "\n") == 0;
}

/* The descriptor stands for the process that is looked at, whatever the number is for
 * afterwards. */
static bool process_signal(pid_t pid, const char *program, int signal, uint64_t *used_ns)
{
	_cleanup_close_ int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct timespec used;
	clockid_t clock;

	if (pidfd < 0 || !runs(pid, program) || clock_getcpuclockid(pid, &clock) != 0 ||
	    clock_gettime(clock, &used) < 0)
		return false;
	*used_ns += (uint64_t)used.tv_sec * 1000000000 + (uint64_t)used.tv_nsec;
	return syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0) == 0;
}

size_t program_signal(const char *cgroups, const char *unit, const char *program, int signal,
		      uint64_t *ret_used_us)
{
	_cleanup_free_ char *text = unit_file(cgroups, unit, "cgroup.procs");
	char *rest = NULL;
	uint64_t used_ns = 0;
	size_t found = 0;

	*ret_used_us = 0;
	if (!text)
		return 0;
	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		long pid = strtol(line, NULL, 10);

		if (pid > 0 && process_signal((pid_t)pid, program, signal, &used_ns))
			found++;
	}
	*ret_used_us = used_ns / 1000;
	return found;
}
