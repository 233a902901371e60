// SPDX-License-Identifier: GPL-3.0-or-later
#include "image/package_list.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/file.h"

enum { FILE_LIMIT = 256 * 1024 };

static bool name_is_valid(const char *name)
{
	static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz0123456789+.-";

	return strlen(name) >= 2 && strchr("+.-", name[0]) == NULL &&
	       name[strspn(name, alphabet)] == '\0';
}

static int list_add(struct package_list *list, const char *name, const char *file, int line,
		    struct error *error)
{
	char **names;

	if (!name_is_valid(name))
		return error_set(error, EINVAL,
				 "%s:%d: '%s' is not a package name; write one name a line", file,
				 line, name);
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->names[i], name) == 0)
			return error_set(error, EINVAL, "%s:%d: '%s' stands here twice; remove one",
					 file, line, name);
	names = reallocarray(list->names, list->count + 1, sizeof(*names));
	if (!names)
		return error_errno(error, ENOMEM, "%s", file);
	list->names = names;
	names[list->count] = strdup(name);
	if (!names[list->count])
		return error_errno(error, ENOMEM, "%s", file);
	list->count++;
	return 0;
}

int package_list_parse(const char *text, const char *file, struct package_list *list,
		       struct error *error)
{
	_cleanup_free_ char *copy = strdup(text);
	char *rest = copy, *row;
	int result;

	*list = (struct package_list){0};
	if (!copy)
		return error_errno(error, ENOMEM, "%s", file);
	for (int line = 1; (row = strsep(&rest, "\n")) != NULL; line++) {
		row[strcspn(row, "#")] = '\0';
		row += strspn(row, " \t");
		for (size_t end = strlen(row); end > 0 && strchr(" \t\r", row[end - 1]); end--)
			row[end - 1] = '\0';
		if (row[0] == '\0')
			continue;
		result = list_add(list, row, file, line, error);
		if (result < 0) {
			package_list_free(list);
			return result;
		}
	}
	return 0;
}

int package_list_load(const char *file, struct package_list *list, struct error *error)
{
	_cleanup_free_ char *text = NULL;
	int result = file_read(file, FILE_LIMIT, &text, NULL, error);

	return result < 0 ? result : package_list_parse(text, file, list, error);
}

void package_list_free(struct package_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->names[i]);
	free(list->names);
	*list = (struct package_list){0};
}
