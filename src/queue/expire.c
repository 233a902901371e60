// SPDX-License-Identifier: GPL-3.0-or-later
#include "queue/expire.h"

#include <errno.h>
#include <string.h>

#include "base/diary.h"
#include "base/json_file.h"
#include "base/process.h"
#include "queue/queue_id.h"
#include "queue/queue_list.h"

enum { POSTSUPER_MS = 60 * 1000 };

/* The postmaster's notice of a bounce that could not be delivered (bounce(8)): were it to
 * go, it would go nowhere. */
static const char last_notice[] = "double-bounce@";

/* Does it wait for others alone?  A recipient without a reason is under way. */
static bool waits_for_others(const json_t *message)
{
	const char *sender = json_string_value(json_object_get(message, "sender"));
	const json_t *recipients = json_object_get(message, "recipients"), *recipient;
	size_t i;

	if (strcmp(json_text(message, "queue_name"), "deferred") != 0 ||
	    json_array_size(recipients) == 0)
		return false;
	if (!sender || strncmp(sender, last_notice, strlen(last_notice)) == 0)
		return false;
	json_array_foreach(recipients, i, recipient)
	{
		const char *reason = json_text(recipient, "delay_reason");

		if (!reason[0] || queue_kind_of(reason).ours)
			return false;
	}
	return true;
}

void expire_look(void *context, const json_t *message)
{
	struct expiry *expiry = context;
	const char *id = json_text(message, "queue_id");
	const struct diary_line *line;
	int64_t since;

	if (expiry->result < 0 || !queue_is_id(slice_of(id)))
		return;
	line = diary_find(expiry->before, id);
	since = line && line->seen < expiry->diary.clock ? line->seen : expiry->diary.clock;
	expiry->result = diary_add(&expiry->diary, id, since, false, expiry->error);
	if (expiry->diary.clock - since < EXPIRE_AFTER || !waits_for_others(message))
		return;
	buffer_addf(&expiry->over, "%s\n", id);
	expiry->count++;
}

/* Of a queue too long to be read whole nothing is forgotten. */
static int keep_unread(struct expiry *expiry)
{
	size_t read = expiry->diary.count;
	int result = 0;

	for (size_t i = 0; i < expiry->before->count && result == 0; i++) {
		const struct diary_line *line = expiry->before->lines + i;
		struct diary found = {.lines = expiry->diary.lines, .count = read};

		if (!diary_find(&found, line->name))
			result =
			    diary_add(&expiry->diary, line->name, line->seen, false, expiry->error);
	}
	return result;
}

/* "Force-expired": at its next try, within an hour, it is sent on or goes back. */
static int let_go(const struct expiry *expiry, struct error *error)
{
	static const char *const command[] = {"/usr/sbin/postsuper", "-e", "-", "deferred", NULL};
	_cleanup_(buffer_free) struct buffer output = BUFFER_INIT;
	const struct process process = {.argv = command,
					.timeout_ms = POSTSUPER_MS,
					.input = buffer_text(&expiry->over),
					.input_size = expiry->over.size};
	int status = expiry->count ? process_run(&process, &output, error) : 0;

	if (status > 0)
		return error_set(error, EIO, "postsuper -e: exit status %d: %.200s", status,
				 buffer_text(&output));
	return status;
}

int expire_run(const char *path, int64_t now, size_t *ret_count, struct error *error)
{
	_cleanup_(diary_free) struct diary before = DIARY_INIT;
	struct expiry expiry = {.before = &before, .over = BUFFER_INIT, .error = error};
	bool partial = false;
	int result = diary_load(path, &before, error);

	if (result < 0) { /* begun anew: everything may wait longer */
		error_print(error);
		error_clear(error);
	}
	expiry.diary.clock = diary_clock(now, before.clock, 0, EXPIRE_STEP);
	result = queue_list(expire_look, &expiry, &partial, error);
	if (result == 0)
		result = expiry.result;
	diary_sort(&expiry.diary);
	if (result == 0 && partial)
		result = keep_unread(&expiry);
	if (result == 0)
		result = diary_save(path, &expiry.diary, error);
	if (result == 0)
		result = let_go(&expiry, error);
	*ret_count = expiry.count;
	diary_free(&expiry.diary);
	buffer_free(&expiry.over);
	return result;
}
