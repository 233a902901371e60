// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask-quarantine: the daily job.  Deletes what the settings let go, and sends the
 * digest of what is new; see postcask-quarantine(8). */
#include <stdio.h>
#include <time.h>

#include "base/file.h"
#include "base/options.h"
#include "quarantine/digest.h"
#include "quarantine/retention.h"

enum { LOCK_MS = 120 * 1000 };

static const char usage[] =
    "usage: postcask-quarantine [--digest]\n"
    "Deletes what the settings let go, and sends the digest of what is new.\n"
    "  --digest    send it now, whenever it is due\n";

struct job {
	struct quarantine quarantine;
	struct quarantine_items items;
	struct quarantine_config config;
	struct residents residents;
	struct diary diary;
	bool digest_now;
	int lock;
};

static void job_free(struct job *job)
{
	quarantine_items_free(&job->items);
	quarantine_close(&job->quarantine);
	quarantine_config_free(&job->config);
	residents_free(&job->residents);
	diary_free(&job->diary);
	cleanup_close(&job->lock);
}

static int begin(struct job *job, struct error *error)
{
	int result = quarantine_config_load(QUARANTINE_CONFIG_FILE, &job->config, error);

	if (result == 0)
		result = file_lock(QUARANTINE_LOCK_FILE, LOCK_MS, &job->lock, error);
	if (result == 0)
		result = quarantine_open(&job->quarantine, QUARANTINE_STATE_FOLDER, error);
	if (result == 0)
		result = quarantine_list(&job->quarantine, &job->items, error);
	if (result == 0 && quarantine_told(&job->config).recipients)
		result = residents_load(&job->residents, error);
	return result;
}

/* A damaged diary is begun anew: everything is told again, and kept longer. */
static int expire(struct job *job, struct error *error)
{
	_cleanup_(diary_free) struct diary before = DIARY_INIT;
	size_t count = 0;
	int result = diary_load(DIARY_FILE, &before, error);

	if (result < 0) {
		error_print(error);
		error_clear(error);
	}
	result = retention_update(&before, &job->items, (int64_t)time(NULL), &job->diary, error);
	if (result == 0)
		result = diary_save(DIARY_FILE, &job->diary, error);
	if (result == 0)
		result = retention_expire(&job->quarantine, &job->items, &job->diary,
					  job->config.retention_days, &count, error);
	if (count)
		printf("%zu deleted: older than %u days\n", count, job->config.retention_days);
	return result;
}

/* Without an answer of Postfix the quarantine is told all the same. */
static void find_held(struct held *held)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;

	if (held_read(held, &error) < 0)
		error_print(&error);
}

static int tell(struct job *job, struct error *error)
{
	_cleanup_(held_free) struct held held = HELD_INIT;
	struct digest digest = {.config = &job->config,
				.residents = &job->residents,
				.now = (int64_t)time(NULL),
				.send = digest_sendmail,
				.held = &held};
	struct quarantine_told told = quarantine_told(&job->config);
	size_t count, mails;
	int result;

	if (!(told.postmaster || told.recipients) || job->config.digest == DIGEST_NEVER ||
	    !(job->digest_now || digest_is_due(job->config.digest, job->diary.digest, digest.now)))
		return 0;
	if (told.postmaster)
		find_held(&held);
	result =
	    digest_run(&digest, &job->quarantine, &job->items, &job->diary, &count, &mails, error);
	if (result < 0)
		return error_wrap(error, "the digest was not sent, and is tried again");
	if (mails)
		printf("digest: %zu new messages and %zu on hold told in %zu mails\n", count,
		       held.count, mails);
	return 0;
}

int main(int argc, char **argv)
{
	_cleanup_(job_free) struct job job = {.quarantine = QUARANTINE_INIT, .lock = -1};
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	const struct command_option options[] = {{"digest", .on = &job.digest_now}};
	int result = COMMAND_OPTIONS(argc, argv, options, usage, 0, 0);

	if (result != COMMAND_GO_ON)
		return result;
	result = begin(&job, &error);
	if (result == 0)
		result = expire(&job, &error);
	if (result == 0)
		result = tell(&job, &error);
	if (job.diary.clock && diary_save(DIARY_FILE, &job.diary, result == 0 ? &error : NULL) < 0)
		result = -1;
	if (result == 0)
		return EXIT_SUCCESS;
	error_print(&error);
	return EXIT_FAILURE;
}
