// SPDX-License-Identifier: GPL-3.0-or-later
/* certificate_ensure in a thread of its own; see certificate.h.  The job owns a
 * copy of the request, so that nothing of the caller's must outlive the call. */
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

#include <openssl/crypto.h>

#include "certificate/certificate.h"

struct certificate_job {
	pthread_t thread;
	struct certificate_request request;
	struct certificate_outcome outcome;
	struct error error;
	int result;
};

static void wipe_text(const char *text)
{
	if (!text)
		return;
	OPENSSL_cleanse((char *)text, strlen(text));
	free((char *)text);
}

static void job_free(struct certificate_job *job)
{
	size_t count = job->request.name_count + job->request.domain_count;

	for (size_t i = 0; job->request.names && i < count; i++)
		free((char *)job->request.names[i]);
	free((char **)job->request.names);
	free((char *)job->request.folder);
	free((char *)job->request.acme_directory);
	free((char *)job->request.acme_method);
	wipe_text(job->request.given_certificate);
	wipe_text(job->request.given_key);
	certificate_outcome_clear(&job->outcome);
	error_clear(&job->error);
	free(job);
}

static void cleanup_job(struct certificate_job **job)
{
	if (*job)
		job_free(*job);
}

/* strdup, where no text is no failure. */
static bool copy_text(const char *text, const char **ret)
{
	*ret = text ? strdup(text) : NULL;
	return !text || *ret;
}

static bool copy_request(struct certificate_request *copy,
			 const struct certificate_request *request)
{
	size_t count = request->name_count + request->domain_count;
	const char **names = calloc(count + 1, sizeof(*names));
	bool good = names;

	*copy = *request;
	copy->names = names;
	copy->folder = copy->given_certificate = copy->given_key = NULL;
	copy->acme_directory = copy->acme_method = NULL;
	for (size_t i = 0; good && i < count; i++)
		good = copy_text(request->names[i], &names[i]);
	return good && copy_text(request->folder, &copy->folder) &&
	       copy_text(request->acme_directory, &copy->acme_directory) &&
	       copy_text(request->acme_method, &copy->acme_method) &&
	       copy_text(request->given_certificate, &copy->given_certificate) &&
	       copy_text(request->given_key, &copy->given_key);
}

static void *job_run(void *context)
{
	struct certificate_job *job = context;

	job->result = certificate_ensure(&job->request, &job->outcome, &job->error);
	return NULL;
}

int certificate_ensure_begin(const struct certificate_request *request,
			     struct certificate_job **ret, struct error *error)
{
	_cleanup_(cleanup_job) struct certificate_job *job = calloc(1, sizeof(*job));
	int code;

	if (!job || !copy_request(&job->request, request))
		return error_set(error, ENOMEM, "out of memory");
	code = pthread_create(&job->thread, NULL, job_run, job);
	if (code != 0)
		return error_errno(error, code, "cannot start a thread");
	*ret = TAKE_POINTER(job);
	return 0;
}

int certificate_ensure_finish(struct certificate_job *job, int timeout_ms,
			      struct certificate_outcome *out, struct error *error)
{
	struct timespec deadline;
	int code;

	clock_gettime(CLOCK_MONOTONIC, &deadline);
	deadline.tv_sec += timeout_ms / 1000;
	deadline.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
	if (deadline.tv_nsec >= 1000000000) {
		deadline.tv_sec++;
		deadline.tv_nsec -= 1000000000;
	}
	code = pthread_clockjoin_np(job->thread, NULL, CLOCK_MONOTONIC, &deadline);
	if (code != 0) /* the thread still uses the job: it is left to it */
		return error_errno(error, code == ETIMEDOUT ? ETIME : code,
				   "the certificates were not made in time");
	code = job->result;
	if (code == 0) {
		*out = job->outcome;
		job->outcome = CERTIFICATE_OUTCOME_INIT;
	} else if (error) {
		error_clear(error);
		*error = job->error;
		job->error = ERROR_INIT;
	}
	job_free(job);
	return code;
}
