// SPDX-License-Identifier: GPL-3.0-or-later
#include "queue/spool.h"

#include "queue/queue_id.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

enum { HASH_DEPTH = 3 }; /* hash_queue_depth is 1 by default, and 3 a lot */

struct scan {
	spool_found *found;
	void *context;
	const char *queue;
	struct error *error;
};

static int open_folder(int at, const char *name, DIR **ret_folder)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	*ret_folder = fdopendir(fd);
	if (!*ret_folder) {
		close(fd);
		return -ENOMEM;
	}
	return 0;
}

/* Postfix sets the execute bits once all of a message is on the disk; a deferred one has
 * its next try as its time of modification (Postfix, mail_queue.h and qmgr_active.c). */
static void found_file(const struct scan *scan, DIR *folder, const char *name)
{
	struct stat status;
	int64_t next_try = 0;

	if (!queue_is_id(slice_of(name)))
		return;
	if (strcmp(scan->queue, "incoming") == 0 || strcmp(scan->queue, "deferred") == 0) {
		if (fstatat(dirfd(folder), name, &status, AT_SYMLINK_NOFOLLOW) < 0)
			return;
		if (!(status.st_mode & S_IXUSR))
			return;
		if (strcmp(scan->queue, "deferred") == 0)
			next_try = status.st_mtime;
	}
	scan->found(scan->context, name, scan->queue, next_try);
}

static int scan_folder(const struct scan *scan, int at, const char *name, int depth)
{
	_cleanup_closedir_ DIR *folder = NULL;
	struct dirent *entry;
	int result = open_folder(at, name, &folder);

	if (result < 0)
		return result == -ENOENT ? 0 : error_errno(scan->error, result, "%s", scan->queue);
	while (result == 0 && (entry = readdir(folder))) {
		if (entry->d_name[0] == '.')
			continue;
		if (entry->d_type == DT_DIR && strlen(entry->d_name) == 1 && depth)
			result = scan_folder(scan, dirfd(folder), entry->d_name, depth - 1);
		else if (entry->d_type == DT_REG || entry->d_type == DT_UNKNOWN)
			found_file(scan, folder, entry->d_name);
	}
	return result;
}

int spool_scan(const char *folder, spool_found *found, void *context, struct error *error)
{
	/* in the order in which messages move */
	static const char *const queues[] = {"incoming", "active", "deferred", "hold", "corrupt"};
	_cleanup_close_ int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return error_errno(error, errno, "%s", folder);
	for (size_t i = 0; i < ARRAY_SIZE(queues); i++) {
		struct scan scan = {found, context, queues[i], error};
		int result = scan_folder(&scan, fd, queues[i], HASH_DEPTH);

		if (result < 0)
			return error_wrap(error, "%s", folder);
	}
	return 0;
}

int quarantine_scan(const char *folder, void (*found)(void *context, const char *name),
		    void *context, struct error *error)
{
	_cleanup_closedir_ DIR *opened = opendir(folder);
	struct dirent *entry;

	if (!opened)
		return errno == ENOENT ? 0 : error_errno(error, errno, "%s", folder);
	while ((entry = readdir(opened)))
		if (entry->d_name[0] != '.' && entry->d_type != DT_DIR)
			found(context, entry->d_name);
	return 0;
}
