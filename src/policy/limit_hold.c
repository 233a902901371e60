// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/limit_hold.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json_file.h"

static const struct {
	const char *name, *sentence;
} reasons[LIMIT_REASONS] = {
    [LIMIT_REASON_AGAIN] = {"again", "it went on after its sending limit was reached"},
    [LIMIT_REASON_MORE] = {"more", "it tried to send twice its limit within an hour"},
    [LIMIT_REASON_NETWORKS] = {"networks", "it sent from six networks or more within an hour"},
};

const char *limit_reason_name(enum limit_reason reason)
{
	return reasons[reason].name;
}

static enum limit_reason reason_of(const char *name)
{
	for (size_t i = 0; i < LIMIT_REASONS; i++)
		if (strcmp(reasons[i].name, name) == 0)
			return (enum limit_reason)i;
	return LIMIT_REASON_AGAIN;
}

const char *limit_reason_sentence(const char *name)
{
	return reasons[reason_of(name)].sentence;
}

static int put(struct limit_holds *holds, const char *login, enum limit_reason reason,
	       int64_t since)
{
	struct limit_hold *list;
	char *copy;

	if (holds->count >= LIMIT_HOLDS)
		return -ENOSPC;
	list = reallocarray(holds->list, holds->count + 1, sizeof(*list));
	if (!list)
		return -ENOMEM;
	holds->list = list;
	copy = strdup(login);
	if (!copy)
		return -ENOMEM;
	list[holds->count++] = (struct limit_hold){copy, since, reason};
	return 0;
}

void limit_holds_load(struct limit_holds *holds, const char *path, struct error *error)
{
	_cleanup_json_ json_t *file = NULL;
	json_t *one;
	size_t i;
	int result;

	*holds = (struct limit_holds){.writer = holds->writer};
	result = path ? json_file_read(path, JSON_FILE_LIMIT, 0, &file, error) : 0;
	if (result == -ENOENT) /* nobody is held */
		error_clear(error);
	json_array_foreach(json_object_get(file, "held"), i, one)
	{
		const char *login = json_text(one, "address");

		if (login[0] && !limit_holds_find(holds, login) &&
		    put(holds, login, reason_of(json_text(one, "reason")),
			json_number(one, "since")) < 0)
			error_set(error, ENOMEM, "out of memory");
	}
}

const struct limit_hold *limit_holds_find(const struct limit_holds *holds, const char *login)
{
	for (size_t i = 0; i < holds->count; i++)
		if (strcmp(holds->list[i].login, login) == 0)
			return &holds->list[i];
	return NULL;
}

static int save(const struct limit_holds *holds, struct error *error)
{
	_cleanup_json_ json_t *list = json_array();
	_cleanup_json_ json_t *file = json_pack("{s:O}", "held", list);

	for (size_t i = 0; i < holds->count; i++) {
		const struct limit_hold *hold = &holds->list[i];
		json_t *one =
		    json_pack("{s:s, s:I, s:s}", "address", hold->login, "since",
			      (json_int_t)hold->since, "reason", limit_reason_name(hold->reason));

		if (json_array_append_new(list, one) < 0)
			return error_set(error, ENOMEM, "out of memory");
	}
	if (!file)
		return error_set(error, ENOMEM, "out of memory");
	if (holds->writer)
		limit_writer_give(holds->writer, json_incref(file));
	return 0;
}

int limit_holds_add(struct limit_holds *holds, const char *login, enum limit_reason reason,
		    int64_t now, struct error *error)
{
	int result = limit_holds_find(holds, login) ? 0 : put(holds, login, reason, now);

	if (result < 0)
		return error_errno(error, result, "cannot hold %s", login);
	return save(holds, error);
}

int limit_holds_remove(struct limit_holds *holds, const char *login, struct error *error)
{
	struct limit_hold *hold = (struct limit_hold *)limit_holds_find(holds, login);

	if (!hold)
		return 0;
	free(hold->login);
	*hold = holds->list[--holds->count];
	return save(holds, error);
}

void limit_holds_free(struct limit_holds *holds)
{
	for (size_t i = 0; i < holds->count; i++)
		free(holds->list[i].login);
	free(holds->list);
	*holds = (struct limit_holds){0};
}
