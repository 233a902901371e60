// SPDX-License-Identifier: GPL-3.0-or-later
#include "image/unpack.h"

#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "image/apt.h"
#include "image/command.h"

enum { TEXT_LIMIT = 1 << 20, UNPACK_S = 300 };

/* The links that Debian's base-files has and every package counts on. */
static int usr_merge(const char *folder, struct error *error)
{
	static const char *const names[] = {"bin", "sbin", "lib", "lib64"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_free_ char *path = file_join(folder, names[i]);
		_cleanup_free_ char *real = NULL;
		int result;

		if (!path || asprintf(&real, "%s/usr/%s", folder, names[i]) < 0)
			return error_errno(error, ENOMEM, "%s", folder);
		result = file_make_folders(real, 0755, error);
		if (result < 0)
			return result;
		if (symlink(real + strlen(folder) + 1, path) < 0)
			return error_errno(error, errno, "%s", path);
	}
	return 0;
}

int unpack_set(const struct build *build, const char *kind, const char *folder, int log,
	       struct error *error)
{
	_cleanup_(buffer_free) struct buffer input = BUFFER_INIT;
	_cleanup_free_ char *path = NULL, *lines = NULL, *list = NULL;
	const char *rest;
	char *file;
	int result;

	if (asprintf(&path, "%s/sets/%s.lines", build->cache, kind) < 0 ||
	    asprintf(&list, "%s/scratch/%s.debs", build->cache, kind) < 0)
		return error_errno(error, ENOMEM, "%s", kind);
	result = file_read(path, TEXT_LIMIT, &lines, NULL, error);
	if (result == 0)
		result = usr_merge(folder, error);
	if (result < 0)
		return result;
	for (rest = lines; (file = apt_line_file(&rest)) != NULL; free(file))
		buffer_addf(&input, "%s/debs/%s%c", build->cache, file, 0);
	result = file_replace(list, input.data, input.size, 0600, -1, -1, error);
	return result < 0 ? result
			  : command_run(log, UNPACK_S,
					COMMAND("xargs", "-a", list, "-0", "-P2", "-I{}",
						"dpkg-deb", "-x", "{}", folder),
					error);
}

/* nftw(3) has no context. */
static struct error *walk_error;

static int link_make_relative(const char *path, const struct stat *status, int type,
			      struct FTW *place)
{
	char target[PATH_MAX];
	_cleanup_(buffer_free) struct buffer relative = BUFFER_INIT;
	ssize_t length;

	(void)status;
	if (type != FTW_SL)
		return 0;
	length = readlink(path, target, sizeof(target) - 1);
	if (length < 0)
		return error_errno(walk_error, errno, "%s", path);
	target[length] = '\0';
	if (target[0] != '/')
		return 0;
	for (int level = 1; level < place->level; level++)
		buffer_add_text(&relative, "../");
	buffer_add_text(&relative, target + 1);
	return file_replace_link(path, buffer_text(&relative), walk_error);
}

int unpack_make_relative(const char *folder, struct error *error)
{
	int result;

	walk_error = error;
	result = nftw(folder, link_make_relative, 32, FTW_PHYS);
	return result == -1 ? error_errno(error, errno, "%s", folder) : result;
}
