// SPDX-License-Identifier: GPL-3.0-or-later
#include "settings/plus.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct plus {
	const char *address;
	size_t count;
	bool is_user;
};

struct plus_list {
	struct plus *items; /* owned */
	size_t count, capacity;
};

static size_t count_plus(const char *address)
{
	size_t count = 0;

	for (; *address && *address != '@'; address++)
		count += *address == '+';
	return count;
}

static int collect(struct plus_list *list, const json_t *records, bool is_user)
{
	size_t i;
	json_t *record;

	json_array_foreach(records, i, record)
	{
		const char *address = json_string_value(json_object_get(record, "address"));
		size_t count = count_plus(address);

		if (!count)
			continue;
		if (list->count == list->capacity) {
			size_t capacity = list->capacity ? list->capacity * 2 : 16;
			void *grown = reallocarray(list->items, capacity, sizeof(*list->items));

			if (!grown)
				return -ENOMEM;
			list->items = grown;
			list->capacity = capacity;
		}
		list->items[list->count++] = (struct plus){address, count, is_user};
	}
	return 0;
}

static int compare(const void *first, const void *second)
{
	const struct plus *a = first, *b = second;

	return a->count != b->count ? (a->count < b->count) - (a->count > b->count)
				    : strcmp(a->address, b->address);
}

static int write_list(const struct plus_list *list, json_t *all, json_t *users)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct plus *plus = &list->items[i];
		const char *at = strchr(plus->address, '@');
		json_t *entry = json_pack("{s:s, s:s%, s:s, s:b}", "address", plus->address,
					  "local", plus->address, (size_t)(at - plus->address),
					  "domain", at + 1, "is_user", plus->is_user);

		if (json_array_append_new(all, entry) < 0 ||
		    (plus->is_user && json_array_append(users, entry) < 0))
			return -ENOMEM;
	}
	return 0;
}

int plus_derive(json_t *settings)
{
	struct plus_list list = {.count = 0};
	json_t *all = json_array(), *users = json_array();
	int r = all && users ? 0 : -ENOMEM;

	if (r == 0)
		r = collect(&list, json_object_get(settings, "users"), true);
	if (r == 0)
		r = collect(&list, json_object_get(settings, "aliases"), false);
	if (r == 0 && list.count)
		qsort(list.items, list.count, sizeof(*list.items), compare);
	if (r == 0)
		r = write_list(&list, all, users);
	free(list.items);
	if (json_object_set_new(settings, "plus", all) < 0 ||
	    json_object_set_new(settings, "plus_users", users) < 0)
		return -ENOMEM;
	return r;
}
