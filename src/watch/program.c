#include "watch/program.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/file.h"

enum {
	FILE_LIMIT = 64 * 1024,
	STAT_USER_TIME = 14, /* fields of /proc/PID/stat, as proc(5) counts them */
	STAT_SYSTEM_TIME,
};

/* From "PID (PROGRAM) STATE ...": false when it is another program. */
static bool stat_read(char *text, const char *program, uint64_t *used_ticks)
{
	char *begin = strchr(text, '(');
	char *end = strrchr(text, ')'); /* the name may hold one */
	char *rest = NULL;
	int field = 2;

	if (!begin || !end)
		return false;
	*end = '\0';
	if (strcmp(begin + 1, program) != 0)
		return false;
	for (char *word = strtok_r(end + 1, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		field++;
		if (field == STAT_USER_TIME || field == STAT_SYSTEM_TIME)
			*used_ticks += strtoull(word, NULL, 10);
	}
	return true;
}

/* The descriptor stands for the process that is looked at, whatever the number is for
 * afterwards. */
static bool process_signal(pid_t pid, const char *program, int signal, uint64_t *used_ticks)
{
	_cleanup_close_ int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	_cleanup_free_ char *text = NULL;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if (pidfd < 0 || file_read(path, FILE_LIMIT, &text, NULL, NULL) < 0 ||
	    !stat_read(text, program, used_ticks))
		return false;
	return syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0) == 0;
}

size_t program_signal(const char *cgroups, const char *unit, const char *program, int signal,
		      uint64_t *ret_used_us)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_free_ char *path = NULL;
	char *rest = NULL;
	uint64_t ticks = 0;
	size_t found = 0;

	*ret_used_us = 0;
	if (asprintf(&path, "%s/%s/cgroup.procs", cgroups, unit) < 0) {
		path = NULL;
		return 0;
	}
	if (file_read(path, FILE_LIMIT, &text, NULL, NULL) < 0)
		return 0;
	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		long pid = strtol(line, NULL, 10);

		if (pid > 0 && process_signal((pid_t)pid, program, signal, &ticks))
			found++;
	}
	*ret_used_us = ticks * 1000000 / (uint64_t)sysconf(_SC_CLK_TCK);
	return found;
}
