// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

/* Reads the open file into *ret_text; see file_read. */
static int file_read_fd(int fd, const char *path, size_t limit, char **ret_text, size_t *ret_size,
			struct error *error)
{
	size_t capacity = 4096, size = 0;
	_cleanup_free_ char *text = NULL;
	struct stat status;

	/* Whole at once, so that a caller who wipes the text wipes its only copy. */
	if (fstat(fd, &status) == 0 && (size_t)status.st_size >= capacity &&
	    (size_t)status.st_size <= limit)
		capacity = (size_t)status.st_size + 1;
	for (;;) {
		char *grown = realloc(text, capacity + 1);
		ssize_t got;

		if (!grown)
			return error_set(error, ENOMEM, "%s: out of memory", path);
		text = grown;
		got = read(fd, text + size, capacity - size);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_errno(error, errno, "%s: cannot read", path);
		if (got == 0)
			break;
		size += (size_t)got;
		if (size > limit)
			return error_set(error, EFBIG, "%s: larger than %zu bytes", path, limit);
		if (size == capacity)
			capacity *= 2;
	}
	text[size] = '\0';
	*ret_text = TAKE_POINTER(text);
	if (ret_size)
		*ret_size = size;
	return 0;
}

int file_read(const char *path, size_t limit, char **ret_text, size_t *ret_size,
	      struct error *error)
{
	_cleanup_close_ int fd = -1;

	if (strcmp(path, "-") == 0)
		return file_read_fd(STDIN_FILENO, "standard input", limit, ret_text, ret_size,
				    error);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return error_errno(error, errno, "%s: cannot open", path);
	return file_read_fd(fd, path, limit, ret_text, ret_size, error);
}

int file_read_foreign(const char *path, size_t limit, char **ret_text, size_t *ret_size,
		      struct error *error)
{
	_cleanup_close_ int fd =
	    open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0)
		return error_errno(error, errno, "%s: cannot open", path);
	/* None is left of one that was replaced meanwhile. */
	if (!S_ISREG(status.st_mode) || status.st_nlink > 1)
		return error_set(error, EINVAL, "%s: not a file of its own", path);
	return file_read_fd(fd, path, limit, ret_text, ret_size, error);
}

int file_connect(int fd, const char *path)
{
	_cleanup_close_ int found = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct stat status;

	if (found < 0 || fstat(found, &status) < 0)
		return -1;
	if (!S_ISSOCK(status.st_mode)) {
		errno = ENOTSOCK;
		return -1;
	}
	snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d", found);
	return connect(fd, (const struct sockaddr *)&address, sizeof(address));
}

int file_write_all(int fd, const void *bytes, size_t size)
{
	const char *next = bytes;

	while (size > 0) {
		ssize_t written = write(fd, next, size);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -errno;
		next += written;
		size -= (size_t)written;
	}
	return 0;
}

char *path_folder(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return strdup(".");
	return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

/* A name beside `path` that nobody else uses.  Owned by the caller. */
static char *path_temporary(const char *path)
{
	_cleanup_free_ char *folder = path_folder(path);
	const char *slash = strrchr(path, '/');
	uint64_t number = 0;
	char *name;

	if (!folder || getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number))
		return NULL;
	if (asprintf(&name, "%s/.%s.%016llx", folder, slash ? slash + 1 : path,
		     (unsigned long long)number) < 0)
		return NULL;
	return name;
}

static int file_write_new(const char *path, const void *bytes, size_t size, mode_t mode, uid_t uid,
			  gid_t gid)
{
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int result;

	if (fd < 0)
		return -errno;
	result = file_write_all(fd, bytes, size);
	if (result < 0)
		return result;
	if ((uid != (uid_t)-1 || gid != (gid_t)-1) && fchown(fd, uid, gid) < 0)
		return -errno;
	if (fchmod(fd, mode) < 0 || fsync(fd) < 0)
		return -errno;
	return 0;
}

/* Renames `temporary` to `path` and makes the rename last. */
static int file_move_into_place(const char *temporary, const char *path, struct error *error)
{
	_cleanup_free_ char *folder = path_folder(path);

	if (!folder)
		return error_set(error, ENOMEM, "%s: out of memory", path);
	if (rename(temporary, path) < 0)
		return error_errno(error, errno, "%s: cannot replace", path);
	return file_sync_folder(folder, error);
}

int file_replace(const char *path, const void *bytes, size_t size, mode_t mode, uid_t uid,
		 gid_t gid, struct error *error)
{
	_cleanup_free_ char *temporary = path_temporary(path);
	int result;

	if (!temporary)
		return error_set(error, ENOMEM, "%s: out of memory", path);
	result = file_write_new(temporary, bytes, size, mode, uid, gid);
	if (result < 0)
		error_errno(error, result, "%s: cannot write", path);
	else
		result = file_move_into_place(temporary, path, error);
	if (result < 0)
		unlink(temporary);
	return result;
}

int file_replace_link(const char *path, const char *target, struct error *error)
{
	_cleanup_free_ char *temporary = path_temporary(path);
	int result;

	if (!temporary)
		return error_set(error, ENOMEM, "%s: out of memory", path);
	if (symlink(target, temporary) < 0)
		return error_errno(error, errno, "%s: cannot make the link", temporary);
	result = file_move_into_place(temporary, path, error);
	if (result < 0)
		unlink(temporary);
	return result;
}

int file_make_folders(const char *path, mode_t mode, struct error *error)
{
	_cleanup_free_ char *copy = strdup(path);

	if (!copy)
		return error_set(error, ENOMEM, "%s: out of memory", path);
	for (char *end = copy + 1;; end++) {
		char saved = *end;

		if (saved != '/' && saved != '\0')
			continue;
		*end = '\0';
		if (mkdir(copy, mode) < 0 && errno != EEXIST)
			return error_errno(error, errno, "%s: cannot make the folder", copy);
		*end = saved;
		if (saved == '\0')
			return 0;
	}
}

int file_sync_folder(const char *path, struct error *error)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || fsync(fd) < 0)
		return error_errno(error, errno, "%s: cannot sync", path);
	return 0;
}

static int tree_remove_at(int parent, const char *name)
{
	_cleanup_closedir_ DIR *folder = NULL;
	struct dirent *entry;
	int fd;

	if (unlinkat(parent, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return -errno;
	fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	folder = fdopendir(fd);
	if (!folder) {
		close(fd);
		return -ENOMEM;
	}
	while ((entry = readdir(folder))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		int result = tree_remove_at(fd, entry->d_name);
		if (result < 0)
			return result;
	}
	return unlinkat(parent, name, AT_REMOVEDIR) < 0 && errno != ENOENT ? -errno : 0;
}

int file_remove_tree(const char *path, struct error *error)
{
	int result = tree_remove_at(AT_FDCWD, path);

	return result < 0 ? error_errno(error, result, "%s: cannot remove", path) : 0;
}

bool file_same(const struct stat *one, const struct stat *other)
{
	return one->st_ino == other->st_ino && one->st_mtim.tv_sec == other->st_mtim.tv_sec &&
	       one->st_mtim.tv_nsec == other->st_mtim.tv_nsec;
}

bool file_exists(const char *path)
{
	return access(path, F_OK) == 0;
}

char *file_join(const char *folder, const char *name)
{
	char *path;

	return asprintf(&path, "%s/%s", folder, name) < 0 ? NULL : path;
}
