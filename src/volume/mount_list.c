// SPDX-License-Identifier: GPL-3.0-or-later
#include "volume/mount_list.h"

#include <errno.h>
#include <mntent.h>
#include <string.h>

#include "volume/place.h"

enum { LINE_LIMIT = 16 * 1024 };

void mount_list_free(struct mount_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->paths[i]);
	free(list->paths);
	*list = MOUNT_LIST_INIT;
}

bool mount_list_has(const struct mount_list *list, const char *path)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->paths[i], path) == 0)
			return true;
	return false;
}

bool mount_list_equal(const struct mount_list *one, const struct mount_list *other)
{
	for (size_t i = 0; i < one->count; i++)
		if (!mount_list_has(other, one->paths[i]))
			return false;
	return one->count == other->count;
}

int mount_list_add(struct mount_list *list, const char *path, struct error *error)
{
	char **paths;

	if (mount_list_has(list, path))
		return 0;
	paths = reallocarray(list->paths, list->count + 1, sizeof(*paths));
	if (!paths)
		return error_set(error, ENOMEM, "out of memory");
	list->paths = paths;
	paths[list->count] = strdup(path);
	if (!paths[list->count])
		return error_set(error, ENOMEM, "out of memory");
	list->count++;
	return 0;
}

static bool counts(const struct mntent *entry)
{
	const char *path = entry->mnt_dir;

	return path[0] == '/' && strcmp(path, "/var") != 0 && place_next(path, NULL) &&
	       strcmp(entry->mnt_type, "swap") != 0 && strcmp(entry->mnt_type, "autofs") != 0;
}

int mount_list_read(const char *table, struct mount_list *ret, struct error *error)
{
	_cleanup_(mount_list_free) struct mount_list list = MOUNT_LIST_INIT;
	char line[LINE_LIMIT];
	struct mntent entry;
	FILE *stream = setmntent(table, "re");
	int result = 0;

	if (!stream && errno != ENOENT)
		return error_errno(error, errno, "%s: cannot read", table);
	while (result == 0 && stream && getmntent_r(stream, &entry, line, sizeof(line))) {
		for (size_t end = strlen(entry.mnt_dir); end > 1 && entry.mnt_dir[end - 1] == '/';)
			entry.mnt_dir[--end] = '\0';
		if (counts(&entry))
			result = mount_list_add(&list, entry.mnt_dir, error);
	}
	if (stream)
		endmntent(stream);
	if (result < 0)
		return result;
	*ret = list;
	list = MOUNT_LIST_INIT;
	return 0;
}
