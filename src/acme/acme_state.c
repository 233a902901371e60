// SPDX-License-Identifier: GPL-3.0-or-later
#include "acme/acme_state.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "base/file.h"
#include "base/json_file.h"
#include "certificate/certificate_public.h"

#define HOUR	     INT64_C(3600)
#define LONGEST	     (24 * HOUR)
#define FAILURES_MAX 1000 /* more are not counted */

int acme_state_load(const char *keys, const char *directory, json_t **ret, struct error *error)
{
	_cleanup_free_ char *path = file_join(keys, CERTIFICATE_ACME_STATE);
	_cleanup_json_ json_t *state = NULL;
	int result = json_file_read(path, JSON_FILE_LIMIT, 0, &state, error);

	if (result < 0 && result != -ENOENT && result != -EBADMSG && result != -EFBIG)
		return result;
	if (error)
		error_clear(error); /* nothing is known then */
	if (result < 0 || strcmp(json_text(state, "directory"), directory) != 0) {
		json_decref(state);
		state =
		    json_pack("{s:s, s:{}, s:{}}", "directory", directory, "authority", "orders");
	}
	if (!state)
		return error_set(error, ENOMEM, "out of memory");
	*ret = json_incref(state);
	return 0;
}

int acme_state_save(const char *keys, const json_t *state, struct error *error)
{
	_cleanup_free_ char *path = file_join(keys, CERTIFICATE_ACME_STATE);

	return json_file_replace(path, state, JSON_INDENT(1) | JSON_FILE_NEWLINE, 0644, error);
}

json_t *acme_state_object(json_t *parent, const char *key)
{
	json_t *member = json_object_get(parent, key);

	if (json_is_object(member))
		return member;
	json_object_set_new(parent, key, json_object());
	return json_object_get(parent, key);
}

bool acme_attempt_is_due(const json_t *attempt, int64_t now)
{
	int64_t next = json_number(attempt, "next");

	return next <= now || next > now + 2 * LONGEST;
}

/* Give or take a quarter. */
static int64_t jittered(int64_t seconds)
{
	uint32_t number = UINT32_MAX / 2;

	(void)!getrandom(&number, sizeof(number), GRND_NONBLOCK);
	return seconds * 3 / 4 + seconds / 2 * (int64_t)(number >> 8) / (1 << 24);
}

static void set_number(json_t *object, const char *key, int64_t value)
{
	json_object_set_new(object, key, json_integer(value));
}

void acme_attempt_later(json_t *attempt, int64_t now, int64_t seconds)
{
	set_number(attempt, "next", now + jittered(seconds));
}

void acme_attempt_failed(json_t *attempt, int64_t now, int64_t floor, int64_t end,
			 const char *sentence)
{
	int64_t failures = json_number(attempt, "failures"), wait = HOUR;

	for (int64_t i = 0; i < failures && wait < LONGEST; i++)
		wait *= 2;
	if (end > now && wait > (end - now) / 8)
		wait = (end - now) / 8;
	if (wait < floor)
		wait = floor;
	if (wait > LONGEST)
		wait = LONGEST;
	wait = jittered(wait);
	if (failures == 0)
		set_number(attempt, "since", now);
	set_number(attempt, "failures", failures < FAILURES_MAX ? failures + 1 : failures);
	set_number(attempt, "tried", now);
	set_number(attempt, "next", now + (wait < HOUR ? HOUR : wait));
	json_object_set_new(attempt, "error", json_string(sentence));
}

void acme_attempt_succeeded(json_t *attempt, int64_t now)
{
	static const char *const gone[] = {"failures", "since", "error", "next"};

	for (size_t i = 0; i < ARRAY_SIZE(gone); i++)
		json_object_del(attempt, gone[i]);
	set_number(attempt, "tried", now);
}
