// SPDX-License-Identifier: GPL-3.0-or-later
#include "image/overlay.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

enum { FOLDERS_OPEN = 32 };

/* nftw(3) has no context. */
static struct {
	const char *from, *tree;
	struct error *error;
} walk;

static bool is_left_out(const char *name, int level)
{
	size_t length = strlen(name);

	return strcmp(name, ".gitkeep") == 0 || name[length - 1] == '~' ||
	       (level == 1 && strcmp(name, "README.md") == 0);
}

static int folder_lay(const char *path, const char *target)
{
	struct stat status;

	if (lstat(target, &status) == 0) {
		if (S_ISDIR(status.st_mode))
			return 0;
		return error_set(walk.error, ENOTDIR,
				 "%s: the tree has %s there; name the folder it leads to", path,
				 S_ISLNK(status.st_mode) ? "a link" : "a file");
	}
	if (mkdir(target, 0755) < 0 || chmod(target, 0755) < 0)
		return error_errno(walk.error, errno, "%s", target);
	return 0;
}

static int file_lay(const char *path, const char *target, const struct stat *status)
{
	_cleanup_close_ int in = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	_cleanup_close_ int out =
	    open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	ssize_t sent = 1;

	if (in < 0 || out < 0)
		return error_errno(walk.error, errno, "%s", in < 0 ? path : target);
	while (sent > 0)
		sent = sendfile(out, in, NULL, 1 << 30);
	if (sent < 0 || fchmod(out, status->st_mode & S_IXUSR ? 0755 : 0644) < 0)
		return error_errno(walk.error, errno, "%s", target);
	return 0;
}

static int link_lay(const char *path, const char *target)
{
	char text[PATH_MAX];
	ssize_t length = readlink(path, text, sizeof(text) - 1);

	if (length < 0)
		return error_errno(walk.error, errno, "%s", path);
	text[length] = '\0';
	return symlink(text, target) < 0 ? error_errno(walk.error, errno, "%s", target) : 0;
}

static int entry_lay(const char *path, const struct stat *status, int type, struct FTW *place)
{
	_cleanup_free_ char *target = NULL;

	if (place->level == 0 || is_left_out(path + place->base, place->level))
		return 0;
	if (asprintf(&target, "%s%s", walk.tree, path + strlen(walk.from)) < 0)
		return error_errno(walk.error, ENOMEM, "%s", path);
	if (type == FTW_D)
		return folder_lay(path, target);
	if (type != FTW_F && type != FTW_SL)
		return error_set(walk.error, EINVAL, "%s: neither file, folder nor link", path);
	if (unlink(target) < 0 && errno != ENOENT)
		return error_errno(walk.error, errno, "%s: cannot replace %s", path, target);
	return type == FTW_SL ? link_lay(path, target) : file_lay(path, target, status);
}

int overlay_lay(const char *from, const char *tree, struct error *error)
{
	int result;

	walk.from = from;
	walk.tree = tree;
	walk.error = error;
	result = nftw(from, entry_lay, FOLDERS_OPEN, FTW_PHYS);
	return result == -1 ? error_errno(error, errno, "%s", from) : result;
}
