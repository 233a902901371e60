#include "settings/mailbook.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"

/* Aliases in a row: postfix follows 1000 (virtual_alias_recursion_limit), people
 * lose track sooner. */
#define ALIAS_HEIGHT_LIMIT 50
#define LOOP_SHOWN	   6 /* addresses of a loop in its message */

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

const struct mailbook_entry *mailbook_find(const struct mailbook *book, const char *address)
{
	const char *plus = strchr(address, '+'), *at = strchr(address, '@');
	char plain[400];
	size_t size;

	if (!plus || !at || plus > at)
		return names_find(&book->addresses, address, strlen(address));
	size = (size_t)(plus - address);
	if (size + strlen(at) >= sizeof(plain))
		return NULL;
	memcpy(plain, address, size);
	memcpy(plain + size, at, strlen(at) + 1);
	return names_find(&book->addresses, plain, strlen(plain));
}

static void report_double(struct mailbook *book, const struct mailbook_entry *before, bool alias,
			  struct mark mark)
{
	if (before->alias && !alias)
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
				  before->address, alias ? "an alias" : "a user",
				  before->mark.line);
}

static int mailbook_add(struct mailbook *book, const char *address, bool alias,
			const json_t *targets, struct mark mark)
{
	const struct mailbook_entry *before = mailbook_find(book, address);
	struct mailbook_entry *entry;

	if (before) {
		report_double(book, before, alias, mark);
		return 0;
	}
	entry = malloc(sizeof(*entry));
	if (!entry)
		return -ENOMEM;
	*entry = (struct mailbook_entry){
	    .address = address, .alias = alias, .targets = targets, .mark = mark};
	if (names_add(&book->addresses, address, strlen(address), entry) < 0) {
		free(entry);
		return -ENOMEM;
	}
	*book->end = entry;
	book->end = &entry->next;
	return 0;
}

int mailbook_add_user(struct mailbook *book, const char *address, struct mark mark)
{
	return mailbook_add(book, address, false, NULL, mark);
}

int mailbook_add_alias(struct mailbook *book, const char *address, const json_t *targets,
		       struct mark mark)
{
	return mailbook_add(book, address, true, targets, mark);
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
	diagnostics_error(
	    walk->book->diagnostics, again->mark,
	    "the alias leads back to itself (%s%s), so its mail reaches nobody; let one "
	    "of them lead elsewhere",
	    buffer_text(&text), again->address);
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

		if (!next || !next->alias)
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

		if (entry->alias && entry->state == ENTRY_NEW)
			walk_alias(&walk, entry);
	}
}
