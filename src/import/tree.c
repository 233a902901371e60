// SPDX-License-Identifier: GPL-3.0-or-later
#include "import/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

enum { NAMES_MAX = 8 * 1000 * 1000 };

int tree_folder(int at, const char *name)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? (errno == ENOTDIR ? -ENOENT : -errno) : fd;
}

int tree_file(int at, const char *name, struct stat *ret_status)
{
	int fd = openat(at, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (fstat(fd, ret_status) < 0 || !S_ISREG(ret_status->st_mode)) {
		close(fd);
		return -ENOENT;
	}
	return fd;
}

void tree_names_free(char ***names)
{
	for (char **name = *names; name && *name; name++)
		free(*name);
	free(*names);
	*names = NULL;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int tree_names(int folder, char ***ret_names, struct error *error)
{
	_cleanup_(tree_names_free) char **names = calloc(1, sizeof(*names));
	int copy = tree_folder(folder, ".");
	_cleanup_closedir_ DIR *stream = copy >= 0 ? fdopendir(copy) : NULL;
	size_t count = 0, capacity = 1;
	const struct dirent *entry;

	if (!stream) {
		cleanup_close(&copy);
		return error_errno(error, copy < 0 ? copy : ENOMEM, "cannot list a folder");
	}
	while (names && count < NAMES_MAX && (errno = 0, entry = readdir(stream))) {
		if (count + 1 == capacity) {
			char **more = reallocarray(names, capacity *= 2, sizeof(*names));

			if (!more)
				break;
			names = more;
		}
		names[count] = strdup(entry->d_name);
		names[count + 1] = NULL;
		if (!names[count++])
			break;
	}
	if (!names || (count && !names[count - 1]) || errno || count == NAMES_MAX)
		return error_set(error, ENOMEM,
				 "cannot list a folder: there is no memory for it, "
				 "or it cannot be read to its end");
	qsort(names, count, sizeof(*names), compare);
	*ret_names = TAKE_POINTER(names);
	return 0;
}
