// SPDX-License-Identifier: GPL-3.0-or-later
#include "takeover/enclosure.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "base/doors.h"
#include "base/file.h"
#include "base/json_file.h"

enum {
	NOBODY = 65534,
	MEMORY = 2000, /* MiB of addresses; 100,000 people take some 300 */
	SECONDS = 120, /* of the processor; a gigabyte takes some 10 */
	REPORT = 256 * 1024 * 1024,
	WAIT_MS = 10 * 60 * 1000,
};

/* ---- In the child ---- */

static void limit(int resource, rlim_t most)
{
	const struct rlimit both = {most, most};

	setrlimit((__rlimit_resource_t)resource, &both);
}

static void set_limits(void)
{
#ifndef __SANITIZE_ADDRESS__ /* which keeps a record of all addresses */
	limit(RLIMIT_AS, (rlim_t)MEMORY * 1024 * 1024);
#endif
	limit(RLIMIT_CPU, SECONDS);
	limit(RLIMIT_FSIZE, REPORT);
	limit(RLIMIT_CORE, 0); /* there are hashes in its memory */
	limit(RLIMIT_NPROC, 0);
}

/* For good; nothing is left open but the files and the report. */
static int give_up_rights(struct error *error)
{
	int result;

	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		close(fd); /* a terminal does what it is sent */
	if (geteuid() == 0 && (setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
			       setresuid(NOBODY, NOBODY, NOBODY) < 0))
		return error_errno(error, errno, "cannot give up the rights of root");
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* after the change, which forgets it */
	prctl(PR_SET_DUMPABLE, 0);
	set_limits();
	result = doors_close();
	return result < 0 ? error_errno(error, result, "cannot restrict the child") : 0;
}

static json_t *find(const struct takeover_kind *kind, const struct takeover_file *files,
		    size_t count)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_(findings_free) struct findings findings = {0};
	_cleanup_json_ json_t *list = NULL;
	int result = give_up_rights(&error);

	if (result == 0)
		result = findings_begin(&findings, &error);
	if (result == 0)
		result = kind->find(files, count, &findings, &error);
	if (result == 0)
		return findings_take(&findings);
	list = json_array();
	json_add_sentence(list, "%s", error_text(&error)); /* which makes it UTF-8 */
	return json_pack("{s:O}", "error", json_array_get(list, 0));
}

static _Noreturn void run_child(const struct takeover_kind *kind, const struct takeover_file *files,
				size_t count, int report)
{
	_cleanup_json_ json_t *found = find(kind, files, count);
	_cleanup_free_ char *text = found ? json_dumps(found, JSON_COMPACT) : NULL;

	_exit(text && file_write_all(report, text, strlen(text)) == 0 ? 0 : 1);
}

/* ---- In the parent ---- */

/* *ret_status as waitpid(2) has it. */
static int await(pid_t child, int *ret_status, struct error *error)
{
	_cleanup_close_ int pidfd = pidfd_open(child, 0);
	struct pollfd wait = {pidfd, POLLIN, 0};
	int ready = pidfd < 0 ? -1 : poll(&wait, 1, WAIT_MS);

	if (ready <= 0)
		kill(child, SIGKILL);
	if (waitpid(child, ret_status, 0) < 0)
		return error_errno(error, errno, "cannot wait for the child");
	return ready <= 0
		   ? error_set(error, ETIME, "reading took more than %d minutes", WAIT_MS / 60000)
		   : 0;
}

/* Not by json_loadfd, which asks for each byte by itself. */
static json_t *load_report(int report)
{
	off_t size = lseek(report, 0, SEEK_END);
	json_t *found;
	void *text;

	if (size <= 0 || size > REPORT)
		return NULL;
	text = mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, report, 0);
	if (text == MAP_FAILED)
		return NULL;
	found = json_loadb(text, (size_t)size, 0, NULL);
	munmap(text, (size_t)size);
	return found;
}

static int take_report(int report, int status, json_t **ret, struct error *error)
{
	_cleanup_json_ json_t *found = NULL;

	if (WIFSIGNALED(status))
		return error_set(error, EIO,
				 WTERMSIG(status) == SIGXCPU || WTERMSIG(status) == SIGKILL
				     ? "reading took more than %d seconds of the processor"
				     : "reading was ended; %d seconds and 2 GB are its limits",
				 SECONDS);
	found = load_report(report);
	if (!json_is_object(found))
		return error_set(error, EIO, "reading ended without a result");
	if (json_object_get(found, "error"))
		return error_set(error, EINVAL, "%s", json_text(found, "error"));
	*ret = json_incref(found);
	return 0;
}

int enclosure_run(const struct takeover_kind *kind, const struct takeover_file *files, size_t count,
		  json_t **ret, struct error *error)
{
	_cleanup_close_ int report = memfd_create("postcask-takeover", MFD_CLOEXEC);
	int status = 0, result;
	pid_t child;

	if (report < 0)
		return error_errno(error, errno, "cannot make a report");
	fflush(NULL);
	child = fork();
	if (child == 0)
		run_child(kind, files, count, report);
	if (child < 0)
		return error_errno(error, errno, "cannot fork");
	result = await(child, &status, error);
	return result < 0 ? result : take_report(report, status, ret, error);
}
