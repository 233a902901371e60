// SPDX-License-Identifier: GPL-3.0-or-later
#include "settings/owners.h"

#include <errno.h>
#include <stdlib.h>

/* An alias that leads to one other alias and to nobody else has that one's list. */
struct owner_list {
	struct owner_list *next; /* the one made before it */
	json_t *names;		 /* owned by the alias's record */
	size_t count;
	const struct mailbook_entry *users[];
};

/* The owners of one alias so far, with room for all users. */
struct gathering {
	const struct mailbook *book;
	const struct mailbook_entry *alias;
	const struct mailbook_entry **users;
	size_t count;
	struct owner_list *lists; /* all that were made */
};

static size_t count_users(const struct mailbook *book)
{
	size_t count = 0;

	for (const struct mailbook_entry *entry = book->first; entry; entry = entry->next)
		count += !entry->alias;
	return count;
}

static void gather_user(struct gathering *gathering, const struct mailbook_entry *user)
{
	struct mailbook_entry *marked = (struct mailbook_entry *)user;

	if (user->seen_by == gathering->alias)
		return;
	marked->seen_by = gathering->alias;
	gathering->users[gathering->count++] = user;
}

static void gather_target(struct gathering *gathering, const json_t *target)
{
	const struct mailbook_entry *entry =
	    mailbook_find(gathering->book, json_string_value(target));

	if (!entry)
		return;
	if (!entry->alias)
		gather_user(gathering, entry);
	else
		for (size_t i = 0; i < entry->owners->count; i++)
			gather_user(gathering, entry->owners->users[i]);
}

/* The list of the only target, when that is an alias. */
static const struct owner_list *list_below(const struct gathering *gathering)
{
	const json_t *targets = gathering->alias->targets;
	const struct mailbook_entry *entry;

	if (json_array_size(targets) != 1)
		return NULL;
	entry = mailbook_find(gathering->book, json_string_value(json_array_get(targets, 0)));
	return entry && entry->alias ? entry->owners : NULL;
}

static struct owner_list *list_make(struct gathering *gathering)
{
	struct owner_list *list = malloc(sizeof(*list) + gathering->count * sizeof(list->users[0]));

	if (!list)
		return NULL;
	list->next = gathering->lists;
	gathering->lists = list;
	list->names = json_array();
	list->count = gathering->count;
	for (size_t i = 0; i < gathering->count; i++) {
		list->users[i] = gathering->users[i];
		json_array_append(list->names,
				  json_object_get(gathering->users[i]->record, "address"));
	}
	if (json_array_size(list->names) == list->count)
		return list;
	json_decref(list->names);
	return NULL;
}

static int find_of_alias(struct gathering *gathering, struct mailbook_entry *alias)
{
	size_t i;
	json_t *target;

	gathering->alias = alias;
	gathering->count = 0;
	alias->owners = list_below(gathering);
	if (alias->owners)
		return json_object_set(alias->record, "owners", alias->owners->names);
	json_array_foreach(alias->targets, i, target) gather_target(gathering, target);
	alias->owners = list_make(gathering);
	return alias->owners ? json_object_set_new(alias->record, "owners", alias->owners->names)
			     : -1;
}

static int find_of_all(struct gathering *gathering, const struct mailbook *book)
{
	size_t total = 0;

	for (struct mailbook_entry *alias = book->first_done; alias; alias = alias->next_done) {
		if (find_of_alias(gathering, alias) < 0)
			return -ENOMEM;
		total += alias->owners->count;
		if (total <= OWNERS_LIMIT)
			continue;
		diagnostics_error(book->diagnostics, alias->mark,
				  "from here on the aliases lead to more than %d users altogether; "
				  "let fewer of them lead to so many",
				  OWNERS_LIMIT);
		return 0;
	}
	return 0;
}

int owners_find(struct mailbook *book)
{
	size_t users = count_users(book);
	struct gathering gathering = {.book = book,
				      .users = calloc(users ? users : 1, sizeof(*gathering.users))};
	int r = gathering.users ? find_of_all(&gathering, book) : -ENOMEM;

	while (gathering.lists) {
		struct owner_list *next = gathering.lists->next;

		free(gathering.lists);
		gathering.lists = next;
	}
	free(gathering.users);
	return r;
}
