// SPDX-License-Identifier: GPL-3.0-or-later
#include "settings/mailbook.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"

#define LOOP_SHOWN 6 /* addresses of a loop in its message */

void mailbook_init(struct mailbook *book, struct diagnostics *diagnostics)
{
	*book = (struct mailbook){.diagnostics = diagnostics};
	book->end = &book->first;
}

void mailbook_free(struct mailbook *book)
{
	struct mailbook_entry *entry = book->first;

	while (entry) {
		struct mailbook_entry *next = entry->next;

		free(entry);
		entry = next;
	}
	names_free(&book->addresses);
	mailbook_init(book, book->diagnostics);
}

static const struct mailbook_entry *find_exactly(const struct mailbook *book, const char *address)
{
	return names_find(&book->addresses, address, strlen(address));
}

const struct mailbook_entry *mailbook_find(const struct mailbook *book, const char *address)
{
	const struct mailbook_entry *found = find_exactly(book, address);
	const char *at = strchr(address, '@');
	char plain[400];
	char *plus;

	if (found || !at || strlen(address) >= sizeof(plain))
		return found;
	memcpy(plain, address, (size_t)(at - address));
	plain[at - address] = 0;
	while (!found && (plus = strrchr(plain, '+'))) {
		memcpy(plus, at, strlen(at) + 1);
		found = find_exactly(book, plain);
		*plus = 0;
	}
	return found;
}

static const char *kind_of(const struct mailbook_entry *entry)
{
	return entry->alias ? "an alias" : entry->shared ? "a shared mailbox" : "a user";
}

static void report_double(struct mailbook *book, const struct mailbook_entry *before, bool alias,
			  bool shared, struct mark mark)
{
	if (before->shared != shared)
		diagnostics_error(book->diagnostics, mark,
				  "%s is %s already (line %u); write it once", before->address,
				  kind_of(before), before->mark.line);
	else if (before->alias && !alias)
		diagnostics_error(book->diagnostics, mark,
				  "the user %s is also an alias (line %u); write one of the two",
				  before->address, before->mark.line);
	else if (!before->alias && alias)
		diagnostics_error(book->diagnostics, mark,
				  "the alias %s is also a user (line %u), who would lose the mail; "
				  "write one of the two",
				  before->address, before->mark.line);
	else
		diagnostics_error(book->diagnostics, mark,
				  "%s is %s already (line %u; case does not matter); write it once",
				  before->address, kind_of(before), before->mark.line);
}

static int mailbook_add(struct mailbook *book, json_t *record, bool alias, bool shared,
			struct mark mark)
{
	const char *address = json_string_value(json_object_get(record, "address"));
	const struct mailbook_entry *before = find_exactly(book, address);
	struct mailbook_entry *entry;

	if (before) {
		report_double(book, before, alias, shared, mark);
		return 0;
	}
	entry = malloc(sizeof(*entry));
	if (!entry)
		return -ENOMEM;
	*entry =
	    (struct mailbook_entry){.address = address,
				    .record = record,
				    .alias = alias,
				    .shared = shared,
				    .targets = json_object_get(record, alias ? "to" : "forward"),
				    .mark = mark};
	if (names_add(&book->addresses, address, strlen(address), entry) < 0) {
		free(entry);
		return -ENOMEM;
	}
	*book->end = entry;
	book->end = &entry->next;
	return 0;
}

int mailbook_add_user(struct mailbook *book, json_t *record, struct mark mark)
{
	return mailbook_add(book, record, false, false, mark);
}

int mailbook_add_shared(struct mailbook *book, json_t *record, struct mark mark)
{
	return mailbook_add(book, record, false, true, mark);
}

int mailbook_add_alias(struct mailbook *book, json_t *record, struct mark mark)
{
	return mailbook_add(book, record, true, false, mark);
}

/* The way that a walk has come. */
struct walk {
	struct mailbook *book;
	struct mailbook_entry *path[ALIAS_HEIGHT_LIMIT + 1];
	unsigned depth;
};

static void report_loop(const struct walk *walk, const struct mailbook_entry *again)
{
	struct buffer text = BUFFER_INIT;
	unsigned first = 0, shown = 0;

	while (first < walk->depth && walk->path[first] != again)
		first++;
	for (unsigned i = first; i < walk->depth && shown < LOOP_SHOWN; i++, shown++)
		buffer_addf(&text, "%s -> ", walk->path[i]->address);
	if (walk->depth - first > LOOP_SHOWN)
		buffer_add_text(&text, "... -> ");
	diagnostics_error(walk->book->diagnostics, again->mark,
			  "the %s leads back to itself (%s%s), so its mail reaches nobody; let one "
			  "of them lead elsewhere",
			  again->alias ? "alias" : "forward", buffer_text(&text), again->address);
	buffer_free(&text);
}

static void walk_alias(struct walk *walk, struct mailbook_entry *entry)
{
	size_t i;
	json_t *target;

	entry->state = ENTRY_OPEN;
	walk->path[walk->depth++] = entry;
	json_array_foreach(entry->targets, i, target)
	{
		const char *address = json_string_value(target);
		struct mailbook_entry *next =
		    address ? (struct mailbook_entry *)mailbook_find(walk->book, address) : NULL;

		if (!next || json_array_size(next->targets) == 0)
			continue;
		if (next->state == ENTRY_OPEN)
			report_loop(walk, next);
		else if (next->state == ENTRY_NEW && walk->depth <= ALIAS_HEIGHT_LIMIT)
			walk_alias(walk, next);
		if (next->height + 1 > entry->height)
			entry->height = next->height + 1;
	}
	walk->depth--;
	entry->state = ENTRY_DONE;
	if (entry->height == ALIAS_HEIGHT_LIMIT)
		diagnostics_error(walk->book->diagnostics, entry->mark,
				  "more than %d aliases in a row; let it lead to the last of them",
				  ALIAS_HEIGHT_LIMIT);
}

void mailbook_check_loops(struct mailbook *book)
{
	for (struct mailbook_entry *entry = book->first; entry; entry = entry->next) {
		struct walk walk = {.book = book};

		if (entry->state == ENTRY_NEW)
			walk_alias(&walk, entry);
	}
}
