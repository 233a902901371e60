// SPDX-License-Identifier: GPL-3.0-or-later
#include "takeover/takeover.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "takeover/enclosure.h"

static const char *const docker_mailserver_names[] = {
    "postfix-accounts.cf", "dovecot-quotas.cf",	     "postfix-virtual.cf",
    "postfix-regexp.cf",   "postfix-send-access.cf", "postfix-receive-access.cf",
    "postfix-aliases.cf",  "dovecot-masters.cf",     NULL};

const struct takeover_kind *takeover_find_kind(const char *name)
{
	static const struct takeover_kind kinds[] = {
	    {"postfixadmin", "a dump of its database, or the database where that is SQLite's", NULL,
	     takeover_find_postfixadmin},
	    {"mailcow", "a dump of its database", NULL, takeover_find_mailcow},
	    {"mail-in-a-box", "its users.sqlite", NULL, takeover_find_mail_in_a_box},
	    {"docker-mailserver", "its folder config, or files of it", docker_mailserver_names,
	     takeover_find_docker_mailserver},
	};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	return NULL;
}

/* ---- Files ---- */

/* To be freed. */
struct opened {
	struct takeover_file files[TAKEOVER_FILES];
	char *paths[TAKEOVER_FILES]; /* owned: of files in a folder */
	size_t count;
};

static void opened_free(struct opened *opened)
{
	for (size_t i = 0; i < opened->count; i++) {
		close(opened->files[i].fd);
		free(opened->paths[i]);
	}
}

/* Takes `own` over, which may be NULL. */
static int add_file(struct opened *opened, const char *path, char *own, int fd, struct error *error)
{
	const char *slash = strrchr(path, '/');

	if (opened->count == TAKEOVER_FILES) {
		close(fd);
		free(own);
		return error_set(error, E2BIG, "more than %d files", TAKEOVER_FILES);
	}
	opened->paths[opened->count] = own;
	opened->files[opened->count++] = (struct takeover_file){path, slash ? slash + 1 : path, fd};
	return 0;
}

/* A database that its server has not closed: half of what is in it is elsewhere. */
static int refuse_log(const char *path, struct error *error)
{
	static const char *const ends[] = {"-wal", "-journal"};

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		_cleanup_free_ char *name = NULL;
		struct stat status;

		if (asprintf(&name, "%s%s", path, ends[i]) < 0)
			return error_set(error, ENOMEM, "out of memory");
		if (stat(name, &status) == 0 && status.st_size > 0)
			return error_set(error, EBUSY,
					 "%s: the database is in use; copy it by `sqlite3 %s "
					 "\".backup COPY\"` there, and take the copy",
					 name, path);
	}
	return 0;
}

/* In a folder only what lies there itself, and no link to something else. */
static int open_folder(const struct takeover_kind *kind, const char *path, int folder,
		       struct opened *opened, struct error *error)
{
	int result = 0;

	for (size_t i = 0; result == 0 && kind->names[i]; i++) {
		int fd =
		    openat(folder, kind->names[i], O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
		struct stat status;
		char *own;

		if (fd < 0 && errno == ENOENT && i > 0)
			continue;
		if (fd < 0)
			return error_errno(error, errno, "%s/%s", path, kind->names[i]);
		if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) ||
		    asprintf(&own, "%s/%s", path, kind->names[i]) < 0) {
			close(fd);
			return error_set(error, EINVAL, "%s/%s is no plain file", path,
					 kind->names[i]);
		}
		result = add_file(opened, own, own, fd, error);
	}
	return result;
}

static int open_path(const struct takeover_kind *kind, const char *path, struct opened *opened,
		     struct error *error)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0)
		return error_errno(error, errno, "%s", path);
	if (S_ISDIR(status.st_mode) && kind->names)
		return open_folder(kind, path, fd, opened, error);
	if (!S_ISREG(status.st_mode))
		return error_set(error, EINVAL, "%s is no plain file; %s takes %s", path,
				 kind->name, kind->wants);
	if (!kind->names && refuse_log(path, error) < 0)
		return -EBUSY;
	return add_file(opened, path, NULL, TAKE_FD(fd), error);
}

int takeover_read(const struct takeover_kind *kind, const char *const *paths, size_t count,
		  json_t **ret, struct error *error)
{
	_cleanup_(opened_free) struct opened opened = {.count = 0};
	int result = 0;

	if (!kind->names && count != 1)
		return error_set(error, EINVAL, "%s takes one file: %s", kind->name, kind->wants);
	for (size_t i = 0; result == 0 && i < count; i++)
		result = open_path(kind, paths[i], &opened, error);
	return result < 0 ? result : enclosure_run(kind, opened.files, opened.count, ret, error);
}
