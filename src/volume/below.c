// SPDX-License-Identifier: GPL-3.0-or-later
#include "volume/below.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/file.h"

/* A user's folders are not deeper, and what is in the first so many entries tells. */
enum { DEPTH = 12, ENTRIES = 100000 };

static int open_folder(int fd, const char *path)
{
	struct open_how how = {.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK,
			       .resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};
	long opened = syscall(SYS_openat2, fd, path, &how, sizeof(how));

	return opened < 0 ? -errno : (int)opened;
}

int above_open(const char *path)
{
	return open_folder(AT_FDCWD, path);
}

int below_open(const char *mount_point, bool mounted)
{
	_cleanup_free_ char *folder = path_folder(mount_point);
	_cleanup_close_ int parent = -1;

	if (!folder)
		return -ENOMEM;
	if (!mounted)
		return above_open(mount_point);
	/* A copy of the parent's mount alone has nothing mounted on it. */
	parent = open_tree(AT_FDCWD, folder, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (parent < 0)
		return -errno;
	return open_folder(parent, strrchr(mount_point, '/') + 1);
}

/* What counts is the mark, not the call: an overlay's file systems may differ in others. */
static bool has_mark(int fd, int *ret_flags)
{
	return ioctl(fd, FS_IOC_GETFLAGS, ret_flags) == 0 && *ret_flags & FS_IMMUTABLE_FL;
}

int below_seal(int fd, bool sealed, struct error *error)
{
	int flags = 0, wanted;

	if (has_mark(fd, &flags) == sealed)
		return 0;
	/* Folders in it from before belong to others. */
	if (sealed && (fchown(fd, 0, 0) < 0 || fchmod(fd, 0700) < 0))
		return error_errno(error, errno, "cannot seal it");
	wanted = sealed ? flags | FS_IMMUTABLE_FL : flags & ~FS_IMMUTABLE_FL;
	if (ioctl(fd, FS_IOC_SETFLAGS, &wanted) == 0 || has_mark(fd, &flags) == sealed || sealed)
		return 0;
	return error_errno(error, errno, "cannot take the seal off");
}

static bool is_nobodys(const char *name)
{
	static const char *const names[] = {".", "..", "lost+found", "selftest.invalid",
					    "selftest"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

static bool look(int fd, unsigned depth, unsigned *left)
{
	_cleanup_closedir_ DIR *folder = fdopendir(fd);
	const struct dirent *entry;
	bool found = false;

	if (!folder) {
		close(fd);
		return false;
	}
	while (!found && *left > 0 && (entry = readdir(folder))) {
		struct stat status;
		int inner;

		if (is_nobodys(entry->d_name))
			continue;
		(*left)--;
		if (fstatat(dirfd(folder), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		found = S_ISREG(status.st_mode);
		if (S_ISDIR(status.st_mode) && depth > 0 &&
		    (inner = open_folder(dirfd(folder), entry->d_name)) >= 0)
			found = look(inner, depth - 1, left);
	}
	return found;
}

bool below_has_mail(int fd, const char *path)
{
	unsigned left = ENTRIES;
	int folder = open_folder(fd, *path ? path : ".");

	return folder >= 0 && look(folder, DEPTH, &left);
}
