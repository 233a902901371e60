// SPDX-License-Identifier: GPL-3.0-or-later
#include "dkim/dkim_key.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <time.h>

#include "dkim/store.h"

enum {
	/* Of the boot: enough for 50 domains on a slow machine. */
	FILL_MS = 10 * 1000,
	LOCK_MS = 60 * 1000,
};

/* The job is the thread's until it has ended. */
struct job {
	pthread_t thread;
	struct dkim_store store;
	struct dkim_made made;
	struct error error;
	int result;
};

static void job_free(struct job *job)
{
	dkim_store_clear(&job->store);
	error_clear(&job->error);
	free(job);
}

static void cleanup_job(struct job **job)
{
	if (*job)
		job_free(*job);
}

static void *job_run(void *context)
{
	struct job *job = context;
	_cleanup_close_ int lock = -1;

	job->result = dkim_store_lock(&job->store, LOCK_MS, &lock, &job->error);
	if (job->result == 0)
		job->result = dkim_store_fill(&job->store, FILL_MS, &job->made, &job->error);
	return NULL;
}

static int begin(const json_t *settings, const char *folder, void **ret_job, struct error *error)
{
	_cleanup_(cleanup_job) struct job *job = calloc(1, sizeof(*job));
	int code = job ? dkim_store_from_settings(settings, folder, &job->store, error)
		       : error_set(error, ENOMEM, "out of memory");

	if (code < 0)
		return code;
	code = pthread_create(&job->thread, NULL, job_run, job);
	if (code != 0)
		return error_errno(error, code, "cannot start a thread");
	*ret_job = TAKE_POINTER(job);
	return 0;
}

static char *waiting_note(const struct job *job)
{
	char *note;

	if (job->made.missing == 0)
		return NULL;
	return asprintf(&note,
			"the DKIM keys of %zu of %zu domains are still being made: until then what "
			"these send is not signed; `postcask dkim list` shows those that are there",
			job->made.missing, job->store.count) < 0
		   ? NULL
		   : note;
}

static int finish(void *context, int timeout_ms, struct key_result *ret, struct error *error)
{
	_cleanup_(cleanup_job) struct job *job = context;
	struct timespec deadline;
	int code;

	clock_gettime(CLOCK_MONOTONIC, &deadline);
	deadline.tv_sec += timeout_ms / 1000 + 1;
	code = pthread_clockjoin_np(job->thread, NULL, CLOCK_MONOTONIC, &deadline);
	if (code != 0) { /* the thread still uses the job: it is left to it */
		(void)TAKE_POINTER(job);
		return error_errno(error, code == ETIMEDOUT ? ETIME : code,
				   "the keys were not made in time");
	}
	if (job->result < 0)
		return error_set(error, job->result, "%s", error_text(&job->error));
	/* Who signs reads the keys anew for each message: nobody has to be told. */
	*ret = (struct key_result){
	    .changed = job->made.made > 0,
	    .state = job->made.waiting ? "waiting"
		     : job->made.made  ? "made"
				       : "kept",
	    .note = waiting_note(job),
	};
	return 0;
}

const struct key_kind dkim_key = {DKIM_KEY, begin, finish};
