// SPDX-License-Identifier: GPL-3.0-or-later
#include "directory/mirror.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/json_file.h"
#include "directory/both.h"
#include "directory/take.h"

#define ON_KEY "mirror"

static int put_picture(struct directory *directory, const json_t *question, struct error *error)
{
	_cleanup_json_ json_t *counts = NULL;
	int64_t now = (int64_t)time(NULL);
	int result = both_begin(directory, error);

	if (result < 0)
		return result;
	result = both_end(directory, mirror_put(directory, question, now, &counts, error), error);
	if (result < 0)
		return result;
	json_object_update(directory->mirror, counts);
	directory->mirror_due = false;
	return mirror_say_good(directory, now, true, error);
}

static int say_fault(struct directory *directory, const char *fault, struct error *error)
{
	json_object_set_new(directory->mirror, "fault", json_sprintf("%.1000s", fault));
	return directory_publish(directory, error);
}

int answer_mirror(void *context, const json_t *question, json_t *answer, struct error *error)
{
	struct directory *directory = context;
	_cleanup_(error_clear) struct error why = ERROR_INIT;
	bool same = json_is_true(json_object_get(question, "same"));
	int result;

	if (!directory->mirrored[0])
		return error_set(error, EPERM,
				 "the settings have no directory server and no database");
	if (json_object_get(question, "fault")) {
		directory->mirror_lost = true;
		return say_fault(directory, json_text(question, "fault"), error);
	}
	if (same && directory->mirror_due) {
		json_object_set_new(answer, "again", json_true());
		return 0;
	}
	result = same ? mirror_say_good(directory, (int64_t)time(NULL), false, &why)
		      : put_picture(directory, question, &why);
	if (result == 0)
		result = mirror_say_back(directory, &why);
	if (result == 0)
		return directory_publish(directory, error);
	if (say_fault(directory, error_text(&why), error) < 0)
		return -EIO;
	return error_set(error, -result, "%s", error_text(&why));
}

int answer_mirror_accept(void *context, const json_t *question, json_t *answer, struct error *error)
{
	struct directory *directory = context;
	long long gone = json_number(directory->mirror, "gone");
	_cleanup_free_ char *text = NULL;
	struct change change;
	int result = take_change(question, &change, error);

	if (result < 0)
		return result;
	if (!directory->mirrored[0] || gone == 0 || !json_object_get(directory->mirror, "fault"))
		return error_set(error, ENOENT,
				 "nothing of a directory server or a database was refused");
	if (asprintf(&text, "%lld", gone) < 0)
		return error_set(error, ENOMEM, "out of memory");
	json_object_set_new(answer, "gone", json_integer(gone));
	result = both_begin(directory, error);
	if (result < 0)
		return result;
	result = accounts_remember(&directory->accounts, MIRROR_ACCEPT_KEY, text, error);
	if (result == 0)
		result =
		    secrets_note(&directory->secrets, &change, "mirror-accept", "", text, error);
	return both_end(directory, result, error);
}

/* ---- Between pictures ---- */

int mirror_load(struct directory *directory, struct error *error)
{
	_cleanup_(error_clear) struct error none = ERROR_INIT;
	_cleanup_free_ char *on = NULL, *fresh = NULL;
	int result = accounts_recall(&directory->accounts, ON_KEY, &on, error);

	if (result == 0)
		result = accounts_recall(&directory->accounts, MIRROR_FRESH_KEY, &fresh, error);
	if (result < 0)
		return result;
	directory->behind = strchr(on, ' ');
	snprintf(directory->mirrored, sizeof(directory->mirrored), "%.*s", (int)strcspn(on, " "),
		 on);
	directory->mirror_fresh = fresh[0];
	directory->mirror_due = true;
	/* Without it nothing was good yet. */
	if (on[0] && directory->mirror)
		return 0;
	json_decref(TAKE_POINTER(directory->mirror));
	if (on[0] && json_file_read(directory->mirror_state, JSON_FILE_LIMIT, 0, &directory->mirror,
				    &none) == 0)
		return 0;
	directory->mirror = json_object();
	return directory->mirror ? 0 : error_set(error, ENOMEM, "out of memory");
}

bool mirror_is_origin(const char *text)
{
	static const char *const origins[] = {ORIGIN_LDAP, ORIGIN_DATABASE};
	size_t size = strcspn(text, " ");

	for (size_t i = 0; i < ARRAY_SIZE(origins); i++)
		if (strlen(origins[i]) == size && strncmp(text, origins[i], size) == 0)
			return !text[size] || strcmp(text + size, " behind") == 0;
	return false;
}

int mirror_switch(struct directory *directory, const char *origin, int64_t now, struct error *error)
{
	struct accounts *accounts = &directory->accounts;
	_cleanup_free_ char *before = NULL;
	int result = accounts_recall(accounts, ON_KEY, &before, error);

	if (result < 0 || strcmp(origin, before) == 0)
		return result;
	/* An earlier good picture says nothing of this server. */
	result = accounts_remember(accounts, MIRROR_FRESH_KEY, "", error);
	if (result == 0 && directory->mirrored[0])
		result = mirror_forget(directory, now, error);
	return result < 0 ? result : accounts_remember(accounts, ON_KEY, origin, error);
}

int mirror_look(struct directory *directory, int64_t now, struct error *error)
{
	int64_t age = now - json_number(directory->mirror, "good");

	if (!directory->mirrored[0] || !directory->mirror_fresh || age < MIRROR_FRESH_S)
		return 0;
	if (mirror_remember_fresh(directory, false, error) < 0)
		return error_wrap(error, "cannot note that the mirror is old");
	return directory_publish(directory, error);
}
