// SPDX-License-Identifier: GPL-3.0-or-later
#include "hold/hold.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/json_file.h"
#include "hold/notice.h"
#include "policy/limit_hold.h"
#include "quarantine/quarantine.h"
#include "queue/queue_hold.h"
#include "queue/queue_list.h"
#include "queue/sendmail.h"

enum { DAY = 86400 };

static const uint64_t MICRO = 1000000;

/* ---- The queue ---- */

struct look {
	const struct sent *sent;
	struct buffer *ids; /* to be held */
	json_t *noted;
	bool again;
};

static void look(void *context, const json_t *message)
{
	struct look *at = context;
	const char *id = json_text(message, "queue_id"), *queue = json_text(message, "queue_name");

	if (!queue_is_id(slice_of(id)) || !sent_has(at->sent, slice_of(id)) ||
	    strcmp(queue, "hold") == 0)
		return;
	/* What is being delivered is not stopped by it. */
	at->again = at->again || strcmp(queue, "deferred") != 0;
	buffer_addf(at->ids, "%s\n", id);
	if (!json_has_text(at->noted, id))
		json_array_append_new(at->noted, json_string(id));
}

/* The ids are on the disk before anything is put on hold: none stays there unknown. */
static int hold_queue(struct hold_login *login, json_t *one, json_t *kept, struct error *error)
{
	_cleanup_(buffer_free) struct buffer ids = BUFFER_INIT;
	struct look at = {&login->sent, &ids, json_object_get(one, "ids"), false};
	bool partial = false;
	int result = sent_read(&login->sent, error);

	if (result == 0)
		result = queue_list(look, &at, &partial, error);
	if (result == 0 && ids.failed)
		result = error_set(error, ENOMEM, "out of memory");
	if (result == 0 && ids.size)
		result = keep_save(KEEP_FILE, kept, error);
	if (result == 0)
		result = queue_hold(QUEUE_HOLD, &ids, error);
	login->again = result < 0 || partial || at.again;
	return result;
}

/* ---- People ---- */

static int send_one(const char *to, const struct buffer *message, struct error *error)
{
	if (message->failed)
		return error_set(error, ENOMEM, "out of memory");
	return sendmail_send(to, message->data, message->size, error);
}

static int tell(const json_t *one, const char *reason, struct error *error)
{
	_cleanup_(quarantine_config_free) struct quarantine_config config = QUARANTINE_CONFIG_INIT;
	_cleanup_(buffer_free) struct buffer owner = BUFFER_INIT, postmaster = BUFFER_INIT;
	struct notice notice = {json_text(one, "address"), reason,
				json_array_size(json_object_get(one, "ids")), (int64_t)time(NULL)};
	int result = quarantine_config_load(QUARANTINE_CONFIG_FILE, &config, error);

	if (result < 0)
		return result;
	notice_to_postmaster(&notice, &config, &postmaster);
	notice_to_owner(&notice, &config, &owner);
	result = send_one(config.receiver, &postmaster, error);
	if (result == 0)
		result = send_one(notice.login, &owner, error);
	return result;
}

/* ---- Both ---- */

static struct hold_login *find_login(struct hold_work *work, const json_t *held,
				     struct error *error)
{
	const char *address = json_text(held, "address");
	uint64_t since = (uint64_t)json_number(held, "since");
	struct hold_login *logins;

	for (size_t i = 0; i < work->count; i++)
		if (strcmp(work->logins[i].sent.login, address) == 0)
			return &work->logins[i];
	logins = reallocarray(work->logins, work->count + 1, sizeof(*logins));
	if (!logins) {
		error_set(error, ENOMEM, "out of memory");
		return NULL;
	}
	work->logins = logins;
	logins[work->count] = (struct hold_login){.sent = SENT_INIT};
	since = since > DAY ? (since - DAY) * MICRO : 0;
	if (sent_open(&logins[work->count].sent, NULL, address, since, error) < 0) {
		sent_close(&logins[work->count].sent);
		return NULL;
	}
	return &logins[work->count++];
}

/* First the queue, so that the messages that tell of it do not stand behind hundreds. */
static int see_to(struct hold_work *work, const json_t *held, bool *ret_again, struct error *error)
{
	const char *address = json_text(held, "address");
	json_t *one = keep_find(work->kept, address);
	struct hold_login *login;
	int result;

	if (one && json_number(one, "since") != json_number(held, "since")) {
		/* Held anew; what is on hold from before is freed with it. */
		json_object_set(one, "since", json_object_get(held, "since"));
		json_object_set_new(one, "told", json_false());
	}
	if (!one)
		one = keep_add(work->kept, address, json_number(held, "since"));
	if (!one)
		return error_set(error, ENOMEM, "out of memory");
	login = find_login(work, held, error);
	result = login ? hold_queue(login, one, work->kept, error) : -EIO;
	*ret_again = *ret_again || (login && login->again);
	if (result < 0)
		error_print(error);
	error_clear(error);
	if (json_is_true(json_object_get(one, "told")))
		return 0;
	result = tell(one, json_text(held, "reason"), error);
	*ret_again = *ret_again || result < 0;
	if (result < 0)
		return result;
	json_object_set_new(one, "told", json_true());
	return keep_save(KEEP_FILE, work->kept, error);
}

int hold_work(struct hold_work *work, bool *ret_again, struct error *error)
{
	_cleanup_json_ json_t *held = NULL;
	const json_t *one;
	size_t i;
	int result = keep_load(LIMIT_HOLD_FILE, true, &held, error);

	*ret_again = false;
	json_decref(work->kept); /* `postcask user release` may have written it */
	work->kept = NULL;
	if (result == 0)
		result = keep_load(KEEP_FILE, false, &work->kept, error);
	if (result < 0)
		return result;
	json_array_foreach(held, i, one)
	{
		if (json_text(one, "address")[0] && see_to(work, one, ret_again, error) < 0) {
			error_print(error);
			error_clear(error);
		}
	}
	return 0;
}

void hold_work_free(struct hold_work *work)
{
	for (size_t i = 0; i < work->count; i++)
		sent_close(&work->logins[i].sent);
	free(work->logins);
	json_decref(work->kept);
	*work = HOLD_WORK_INIT;
}

/* ---- What there is ---- */

struct listing {
	const json_t *noted;
	struct buffer *ids, others; /* others: may be the login's, too */
};

static void sort_out(void *context, const json_t *message)
{
	struct listing *listing = context;
	const char *id = json_text(message, "queue_id");

	if (strcmp(json_text(message, "queue_name"), "hold") != 0 || !queue_is_id(slice_of(id)))
		return;
	buffer_addf(json_has_text(listing->noted, id) ? listing->ids : &listing->others, "%s\n",
		    id);
}

int hold_list(const json_t *kept, const char *login, struct buffer *ids, struct error *error)
{
	struct listing listing = {json_object_get(kept, "ids"), ids, BUFFER_INIT};
	bool partial = false;
	int result = queue_list(sort_out, &listing, &partial, error);

	if (result == 0)
		result = queue_find_login(&listing.others, login, ids, error);
	if (result == 0 && (ids->failed || listing.others.failed))
		result = error_set(error, ENOMEM, "out of memory");
	buffer_free(&listing.others);
	return result;
}
