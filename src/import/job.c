// SPDX-License-Identifier: GPL-3.0-or-later
#include "import/job.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/file.h"
#include "base/json_file.h"
#include "base/process.h"
#include "import/lock.h"

#define MAIL_FOLDER "/var/vmail"

enum { REPORT_MAX = 64 * 1024 * 1024 };

struct running {
	const struct job *job;
	struct local_owner owner;
	int lock;   /* for as long as it runs */
	int report; /* the child writes JSON into it */
	pid_t child;
};

static void running_clear(struct running *running)
{
	local_owner_free(&running->owner);
	cleanup_close(&running->lock);
	cleanup_close(&running->report);
	*running = (struct running){.owner = LOCAL_OWNER_INIT, .lock = -1, .report = -1};
}

/* ---- In the child ---- */

static int open_source(const struct job *job, struct source **ret, struct error *error)
{
	if (job->imap)
		return source_imap_open(job->imap, ret, error);
	if (job->pst)
		return source_pst_open(job->pst, ret, error);
	return job->maildir ? source_maildir_open(job->maildir, ret, error)
			    : source_mbox_open(job->mbox, ret, error);
}

static json_t *failed_report(const struct error *error)
{
	json_t *list = json_array(), *report = NULL;

	json_add_sentence(list, "%s", error_text(error));
	report =
	    json_pack("{s:[], s:b, s:O}", "folders", "equal", 0, "error", json_array_get(list, 0));
	json_decref(list);
	return report;
}

static json_t *bring_mail(const struct running *running)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_(local_close) struct local mailbox = LOCAL_INIT;
	struct source *source = NULL;
	json_t *report;
	int result = process_become_owner(MAIL_FOLDER, &error);

	prctl(PR_SET_PDEATHSIG, SIGKILL); /* after the change, which forgets it */
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (result == 0)
		result = open_source(running->job, &source, &error);
	if (result == 0)
		result = local_open(&mailbox, &running->owner, &error);
	report = result < 0 ? failed_report(&error)
			    : copy_mail(source, &mailbox, &running->job->options);
	if (source)
		source->kind->close(source);
	return report;
}

static _Noreturn void run_child(const struct running *running)
{
	_cleanup_json_ json_t *report = NULL;
	_cleanup_free_ char *text = NULL;

	report = bring_mail(running);
	text = report ? json_dumps(report, JSON_COMPACT) : NULL;
	_exit(text && file_write_all(running->report, text, strlen(text)) == 0 ? 0 : 1);
}

/* ---- In the parent ---- */

static int start(struct running *running, const struct job *job, struct error *error)
{
	int result;

	*running =
	    (struct running){.job = job, .owner = LOCAL_OWNER_INIT, .lock = -1, .report = -1};
	result = local_look_up(job->user, &running->owner, error);
	if (result == 0)
		result = import_lock(running->owner.home, job->user, &running->lock, error);
	if (result == 0) {
		running->report = memfd_create("postcask-report", MFD_CLOEXEC);
		fflush(NULL);
		running->child = running->report < 0 ? -1 : fork();
		if (running->child == 0)
			run_child(running);
		if (running->child < 0)
			result = error_errno(error, errno, "cannot start");
	}
	if (result < 0)
		running_clear(running);
	return result;
}

static json_t *read_report(const struct running *running, int status)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	off_t size = lseek(running->report, 0, SEEK_END);
	json_t *report = NULL;

	if (size > 0 && size <= REPORT_MAX && lseek(running->report, 0, SEEK_SET) == 0)
		report = json_loadfd(running->report, 0, NULL);
	if (json_is_object(report))
		return report;
	json_decref(report);
	if (WIFSIGNALED(status))
		error_set(&error, EIO, "it was ended by signal %d; repeat it, nothing comes twice",
			  WTERMSIG(status));
	else
		error_set(&error, EIO, "it ended without a report; repeat it, nothing comes twice");
	return failed_report(&error);
}

/* Waits for the next one to end, and hands over its report. */
static bool await_one(struct running *slots,
		      void (*done)(void *context, const struct job *job, json_t *report),
		      void *context)
{
	int status;
	pid_t child;

	do
		child = waitpid(-1, &status, 0);
	while (child < 0 && errno == EINTR);
	for (size_t i = 0; child > 0 && i < JOBS_AT_ONCE; i++) {
		const struct job *job = slots[i].job;
		json_t *report;

		if (!job || slots[i].child != child)
			continue;
		report = read_report(&slots[i], status);
		running_clear(&slots[i]);
		json_object_set_new(report, "user", json_string(job->user));
		done(context, job, report);
		break;
	}
	return child > 0;
}

static struct running *free_slot(struct running *slots)
{
	for (size_t i = 0; i < JOBS_AT_ONCE; i++)
		if (!slots[i].job)
			return &slots[i];
	return NULL;
}

void jobs_run(const struct job *jobs, size_t count,
	      void (*done)(void *context, const struct job *job, json_t *report), void *context)
{
	struct running slots[JOBS_AT_ONCE] = {0};

	for (size_t i = 0; i < JOBS_AT_ONCE; i++)
		slots[i] = (struct running){.owner = LOCAL_OWNER_INIT, .lock = -1, .report = -1};
	for (size_t i = 0; i < count; i++) {
		_cleanup_(error_clear) struct error error = ERROR_INIT;
		struct running *slot;
		json_t *report;

		while (!(slot = free_slot(slots)))
			if (!await_one(slots, done, context))
				return;
		if (start(slot, &jobs[i], &error) == 0)
			continue;
		report = failed_report(&error);
		json_object_set_new(report, "user", json_string(jobs[i].user));
		done(context, &jobs[i], report);
	}
	while (await_one(slots, done, context))
		;
}
