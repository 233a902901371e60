// SPDX-License-Identifier: GPL-3.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/file.h"
#include "base/json_file.h"
#include "directory/accounts_rule.h"
#include "directory/accounts_shared.h"
#include "directory/directory.h"
#include "directory/mirror.h"

/* The worse of the two. */
static const char *state_of(const struct directory *directory)
{
	static const char *const names[] = {"whole", "copied", "begun"};
	enum cabinet_state accounts = directory->accounts.cabinet.state;
	enum cabinet_state secrets = directory->secrets.cabinet.state;

	return names[accounts > secrets ? accounts : secrets];
}

/* Only what is new: postcask-shared is started by it. */
static int publish_shared(struct directory *directory, struct error *error)
{
	_cleanup_json_ json_t *list = json_array();
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;
	const json_t *one;
	size_t i;
	int result;

	if (!directory->shared)
		return 0;
	result = accounts_list_shared_addresses(&directory->accounts, list, error);
	if (result < 0)
		return result;
	json_array_foreach(list, i, one) buffer_addf(&text, "%s\n", json_string_value(one));
	if (text.failed)
		return error_set(error, ENOMEM, "out of memory");
	if (directory->shared_before && strcmp(directory->shared_before, buffer_text(&text)) == 0)
		return 0;
	result = file_replace(directory->shared, buffer_text(&text), text.size, 0644, (uid_t)-1,
			      (gid_t)-1, error);
	if (result == 0) {
		free(directory->shared_before);
		directory->shared_before = buffer_take(&text);
	}
	return result;
}

/* Likewise, for postcask-rules; where there were never any, it is not. */
static int publish_rules(struct directory *directory, struct error *error)
{
	_cleanup_free_ char *number = NULL;
	int result;

	if (!directory->rules)
		return 0;
	result = accounts_recall(&directory->accounts, RULES_KEY, &number, error);
	if (result < 0 || !number[0] ||
	    (directory->rules_before && strcmp(directory->rules_before, number) == 0))
		return result;
	result = file_replace(directory->rules, number, strlen(number), 0644, (uid_t)-1, (gid_t)-1,
			      error);
	if (result == 0) {
		free(directory->rules_before);
		directory->rules_before = TAKE_POINTER(number);
	}
	return result;
}

int directory_publish(struct directory *directory, struct error *error)
{
	_cleanup_json_ json_t *report = json_object();
	json_t *doubles = json_array(), *loops = json_array();
	int64_t people, aliases, apps, shared;
	int result;

	json_object_set_new(report, "doubles", doubles);
	json_object_set_new(report, "loops", loops);
	result = publish_shared(directory, error);
	if (result == 0)
		result = publish_rules(directory, error);
	if (result == 0)
		result = accounts_count(&directory->accounts, &people, &aliases, error);
	if (result == 0)
		result = accounts_count_shared(&directory->accounts, &shared, error);
	if (result == 0)
		result = accounts_list_doubles(&directory->accounts, doubles, error);
	if (result == 0)
		result = accounts_list_loops(&directory->accounts, loops, error);
	if (result == 0)
		result = secrets_count(&directory->secrets, &apps, error);
	if (result < 0)
		return result;
	json_object_set_new(report, "people", json_integer(people));
	json_object_set_new(report, "shared", json_integer(shared));
	json_object_set_new(report, "aliases", json_integer(aliases));
	json_object_set_new(report, "apps", json_integer(apps));
	json_object_set_new(report, "state", json_string(state_of(directory)));
	json_object_set_new(report, "fault",
			    directory->fault ? json_string(directory->fault) : json_null());
	mirror_publish(directory, report);
	result = json_file_replace(directory->report, report, JSON_FILE_REPORT, 0644, error);
	return result < 0 ? result : mirror_tell(directory, error);
}
