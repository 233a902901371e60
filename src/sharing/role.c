// SPDX-License-Identifier: GPL-3.0-or-later
#include "sharing/role.h"

#include <stdbool.h>
#include <string.h>

#include "base/slice.h"

#define READ   "lookup read write-seen"
#define POST   READ " insert post"
#define EDIT   POST " write write-deleted expunge"
#define MANAGE EDIT " create delete admin"

const struct share_role share_roles[] = {
    {"read", "lrs", "lrs", READ, "sees the folder and reads; what is read is each reader's own",
     false},
    {"post", "lrsip", "lrsip", POST, "also puts messages into it", false},
    {"edit", "lrsipwte", "lrsipwte", EDIT, "also flags, deletes and moves messages", true},
    {"manage", "lrsipwtekxa", "lrsipwteka", MANAGE,
     "also makes, renames and removes folders in it, and says who else shares it", true},
    {0},
};

const struct share_role *share_role_find(const char *name)
{
	for (const struct share_role *role = share_roles; role->name; role++)
		if (strcmp(role->name, name) == 0)
			return role;
	return NULL;
}

/* The next word, which is taken from the front; false at the end. */
static bool next_word(struct slice *rest, struct slice *ret_word)
{
	while (slice_skip(rest, SLICE(" ")))
		;
	if (!rest->size)
		return false;
	if (!slice_until(rest, SLICE(" "), ret_word)) {
		*ret_word = *rest;
		rest->size = 0;
	}
	return true;
}

static bool has_word(const char *words, struct slice word)
{
	struct slice rest = slice_of(words), other;

	while (next_word(&rest, &other))
		if (slice_equal(other, word))
			return true;
	return false;
}

/* Whether each word of the one stands in the other. */
static bool is_within(const char *words, const char *others)
{
	struct slice rest = slice_of(words), word;

	while (next_word(&rest, &word))
		if (!has_word(others, word))
			return false;
	return true;
}

const struct share_role *share_role_of(const char *rights)
{
	for (const struct share_role *role = share_roles; role->name; role++)
		if (is_within(rights, role->rights) && is_within(role->rights, rights))
			return role;
	return NULL;
}
