// SPDX-License-Identifier: GPL-3.0-or-later
/* Where a build keeps things. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "image/build.h"
#include "image/digest.h"

char *build_cache_path(const struct build *build, const char *name)
{
	return file_join(build->cache, name);
}

char *build_source_path(const struct build *build, const char *name)
{
	return file_join(build->source, name);
}

char *build_output_path(const struct build *build, const char *suffix)
{
	char *path = NULL;

	return asprintf(&path, "%s%s", build->output, suffix) < 0 ? NULL : path;
}

static int key_read(const struct build *build, const char *kind, char **ret_key,
		    struct error *error)
{
	_cleanup_free_ char *path = NULL;

	if (asprintf(&path, "%s/sets/%s.key", build->cache, kind) < 0)
		return error_errno(error, ENOMEM, "%s", kind);
	return file_read(path, KEY_HEX_SIZE, ret_key, NULL, error);
}

int build_keyed_path(const struct build *build, const char *kind, char **ret_path,
		     struct error *error)
{
	_cleanup_free_ char *key = NULL;
	char *path = NULL;
	int result = key_read(build, kind, &key, error);

	if (result < 0)
		return result;
	if (asprintf(&path, "%s/%s-%s", build->cache, kind, key) < 0)
		return error_errno(error, ENOMEM, "%s", kind);
	*ret_path = path;
	return 0;
}

int build_folder_clean(const char *path, const char *begin, const char *end, const char *but,
		       struct error *error)
{
	_cleanup_closedir_ DIR *folder = opendir(path);
	struct dirent *entry;
	int result = 0;

	while (folder && result == 0 && (entry = readdir(folder)) != NULL) {
		const char *name = entry->d_name;
		size_t length = strlen(name), tail = strlen(end);

		if (strncmp(name, begin, strlen(begin)) != 0 || length < tail ||
		    strcmp(name + length - tail, end) != 0 || (but && strcmp(name, but) == 0))
			continue;
		_cleanup_free_ char *whole = file_join(path, name);
		result =
		    whole ? file_remove_tree(whole, error) : error_errno(error, ENOMEM, "%s", path);
	}
	return result;
}

/* Removes CACHE/kind-* but CACHE/kind-KEY. */
static int forget_others(const struct build *build, const char *kind, struct error *error)
{
	_cleanup_free_ char *key = NULL, *begin = NULL, *but = NULL;
	int result = key_read(build, kind, &key, error);

	if (result < 0)
		return result;
	if (asprintf(&begin, "%s-", kind) < 0 || asprintf(&but, "%s-%s", kind, key) < 0)
		return error_errno(error, ENOMEM, "%s", kind);
	return build_folder_clean(build->cache, begin, "", but, error);
}

int build_forget_old(const struct build *build, struct error *error)
{
	static const char *const kinds[] = {"tree", "sysroot", "disk"};
	int result = 0;

	for (size_t i = 0; result == 0 && i < ARRAY_SIZE(kinds); i++)
		result = forget_others(build, kinds[i], error);
	return result;
}
