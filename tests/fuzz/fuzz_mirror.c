// SPDX-License-Identifier: GPL-3.0-or-later
/* What postcask-mirror reads: its settings, DNs, and entries of a directory server.  The first byte
 * says which. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_file.h"
#include "mirror/picture.h"
#include "mirror/range.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_tree(const char *text)
{
	struct tree tree = {.text = strdup(text)};
	struct error error = ERROR_INIT;
	char *asked[TREE_ATTRIBUTES + 1], *room = NULL;

	if (tree_parse(tree.text, &tree, &error) == 0 && tree.people)
		tree_attributes(&tree, &room, asked);
	free(room);
	tree_free(&tree);
	error_clear(&error);
}

/* In its one form it is itself. */
static void check_dn(const char *text)
{
	char *one = picture_dn(text), *again = one ? picture_dn(one) : NULL;

	if (one && one[0] && (!again || strcmp(one, again) != 0))
		abort();
	free(one);
	free(again);
}

static void check_range(const char *text)
{
	size_t size;
	long next;

	if (range_parse(text, &size, &next) && (size >= strlen(text) || next < 0))
		abort();
}

static void check_addresses(const json_t *list)
{
	const json_t *one;
	size_t i;

	json_array_foreach(list, i, one)
	{
		const char *address = json_text(one, "address");

		if (!strchr(address, '@') || strpbrk(address, " \n\r\t"))
			abort();
	}
}

/* {"people": [...], "groups": [...]}, by the kind that the first byte says. */
static void check_entries(const char *kind, const char *text)
{
	char settings[64];
	struct tree tree = {.text = settings};
	struct error error = ERROR_INIT;
	struct picture picture = {0};
	json_t *entries = json_loads(text, 0, NULL), *found = NULL, *one;
	size_t i;

	snprintf(settings, sizeof(settings), "kind %s\nquota q\n", kind);
	if (json_is_object(entries) && tree_parse(settings, &tree, &error) == 0 &&
	    picture_begin(&picture, &tree, &error) == 0) {
		json_array_foreach(json_object_get(entries, "people"), i,
				   one)(void) !picture_add(&picture, one, false, &error);
		json_array_foreach(json_object_get(entries, "groups"), i,
				   one)(void) !picture_add(&picture, one, true, &error);
		if (picture_finish(&picture, &found, &error) == 0) {
			check_addresses(json_object_get(found, "people"));
			check_addresses(json_object_get(found, "aliases"));
		}
	}
	picture_free(&picture);
	json_decref(found);
	json_decref(entries);
	error_clear(&error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;

	if (size < 1)
		return 0;
	text = strndup((const char *)data + 1, size - 1);
	if (data[0] == 't')
		check_tree(text);
	else if (data[0] == 'd')
		check_dn(text);
	else if (data[0] == 'r')
		check_range(text);
	else
		check_entries(data[0] == 'a'   ? "active-directory"
			      : data[0] == 'f' ? "freeipa"
					       : "openldap",
			      text);
	free(text);
	return 0;
}
