// SPDX-License-Identifier: GPL-3.0-or-later
/* What lies in a person's home beside the mailbox.  The caller is the account of the mailboxes. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json_file.h"
#include "base/slice.h"
#include "mailbox/mailbox.h"

#define BEFORE ".before-"
#define MARK   ".postcask-copy-"

enum {
	TIME_DIGITS = 14,
	MESSAGE_BYTES = 4096,		/* that a file takes more than is in it */
	SPARE_BYTES = 64 * 1024 * 1024, /* that are left for everybody else, and a twentieth */
	SPARE_PART = 20,
	SAME_NAME = 100,
	OPEN_AT_ONCE = 16,
};

/* ---- Put aside ---- */

/* Of "Maildir.before-20261130204500" the time; 0 of any other name. */
static time_t time_of(const char *name, const struct mailbox_format **ret_format)
{
	for (size_t i = 0; i < ARRAY_SIZE(mailbox_formats); i++) {
		struct slice rest = slice_of(name);
		struct tm parts = {0};
		const char *end;

		if (!slice_skip(&rest, slice_of(mailbox_formats[i].folder)) ||
		    !slice_skip(&rest, SLICE(BEFORE)) || rest.size < TIME_DIGITS)
			continue;
		*ret_format = &mailbox_formats[i];
		end = strptime(rest.at, "%Y%m%d%H%M%S", &parts);
		/* Two in a second have a number behind it. */
		return end && (!*end || *end == '-') ? timegm(&parts) : 0;
	}
	return 0;
}

static int each_aside(const char *home,
		      int (*work)(void *context, const char *name,
				  const struct mailbox_format *format, time_t since,
				  struct error *error),
		      void *context, struct error *error)
{
	_cleanup_closedir_ DIR *folder = opendir(home);
	const struct dirent *entry;
	int result = 0;

	if (!folder)
		return errno == ENOENT ? 0 : error_errno(error, errno, "%s", home);
	while (result == 0 && (entry = readdir(folder))) {
		const struct mailbox_format *format = NULL;
		time_t since = time_of(entry->d_name, &format);

		if (since > 0)
			result = work(context, entry->d_name, format, since, error);
	}
	return result;
}

static int list_one(void *context, const char *name, const struct mailbox_format *format,
		    time_t since, struct error *error)
{
	json_int_t until = (json_int_t)since + (json_int_t)MAILBOX_DAYS * 24 * 60 * 60;

	return json_array_append_new(context, json_pack("{s:s, s:s, s:I, s:I}", "name", name,
							"format", format->name, "since",
							(json_int_t)since, "until", until)) < 0
		   ? error_set(error, ENOMEM, "out of memory")
		   : 0;
}

int mailbox_list_aside(const char *home, json_t *list, struct error *error)
{
	return each_aside(home, list_one, list, error);
}

struct forgetting {
	const char *home;
	time_t before;
	unsigned count;
};

static int forget_one(void *context, const char *name, const struct mailbox_format *format _unused_,
		      time_t since, struct error *error)
{
	struct forgetting *forgetting = context;
	_cleanup_free_ char *path = file_join(forgetting->home, name);

	if (!path)
		return error_set(error, ENOMEM, "out of memory");
	if (since >= forgetting->before)
		return 0;
	forgetting->count++;
	return file_remove_tree(path, error);
}

int mailbox_forget(const char *home, time_t before, unsigned *ret_count, struct error *error)
{
	struct forgetting forgetting = {home, before, 0};
	int result = each_aside(home, forget_one, &forgetting, error);

	*ret_count = forgetting.count;
	return result;
}

int mailbox_is_there(const char *home, const struct mailbox_format *format, bool *ret,
		     struct error *error)
{
	_cleanup_free_ char *path = file_join(home, format->folder);

	*ret = path && file_exists(path);
	return path ? 0 : error_set(error, ENOMEM, "out of memory");
}

int mailbox_put_aside(const char *home, const struct mailbox_format *format, time_t now,
		      struct error *error)
{
	_cleanup_free_ char *from = file_join(home, format->folder);
	char text[TIME_DIGITS + 1];
	struct tm parts;

	if (!from || !gmtime_r(&now, &parts) ||
	    strftime(text, sizeof(text), "%Y%m%d%H%M%S", &parts) == 0)
		return error_set(error, ENOMEM, "out of memory");
	if (!file_exists(from))
		return 0;
	for (unsigned i = 0; i < SAME_NAME; i++) {
		_cleanup_(buffer_free) struct buffer to = BUFFER_INIT;

		buffer_addf(&to, "%s" BEFORE "%s", from, text);
		if (i)
			buffer_addf(&to, "-%u", i);
		if (renameat2(AT_FDCWD, from, AT_FDCWD, buffer_text(&to), RENAME_NOREPLACE) == 0)
			return file_sync_folder(home, error);
		if (errno != EEXIST)
			break;
	}
	return error_errno(error, errno, "%s cannot be put aside", from);
}

/* ---- A copy ---- */

static int paths_of(const char *home, const struct mailbox_format *format, char **ret_copy,
		    char **ret_mark, struct error *error)
{
	*ret_copy = file_join(home, format->folder);
	if (asprintf(ret_mark, "%s/" MARK "%s", home, format->name) < 0)
		*ret_mark = NULL;
	return *ret_copy && *ret_mark ? 0 : error_set(error, ENOMEM, "out of memory");
}

int mailbox_drop_copy(const char *home, const struct mailbox_format *format, struct error *error)
{
	_cleanup_free_ char *copy = NULL, *mark = NULL;
	int result = paths_of(home, format, &copy, &mark, error);

	if (result == 0 && !file_exists(mark))
		return 0;
	if (result == 0)
		result = file_remove_tree(copy, error);
	if (result == 0)
		result = file_sync_folder(home, error);
	return result < 0 ? result : file_remove_tree(mark, error);
}

int mailbox_begin_copy(const char *home, const struct mailbox_format *format, time_t now,
		       struct error *error)
{
	_cleanup_free_ char *copy = NULL, *mark = NULL;
	int result = mailbox_drop_copy(home, format, error);

	/* Without a mark it was somebody's mailbox once. */
	if (result == 0)
		result = mailbox_put_aside(home, format, now, error);
	if (result == 0)
		result = paths_of(home, format, &copy, &mark, error);
	return result < 0 ? result : file_replace(mark, "", 0, 0600, (uid_t)-1, (gid_t)-1, error);
}

int mailbox_end_copy(const char *home, const struct mailbox_format *format, struct error *error)
{
	_cleanup_free_ char *copy = NULL, *mark = NULL;
	int result = paths_of(home, format, &copy, &mark, error);

	return result < 0 ? result : file_remove_tree(mark, error);
}

/* ---- What a tree is ---- */

/* nftw(3) has no context. */
static struct {
	uint64_t bytes, files;
	bool shared;
} walked;

static int walk_one(const char *path, const struct stat *status, int kind,
		    struct FTW *position _unused_)
{
	const char *name = strrchr(path, '/');

	walked.bytes += (uint64_t)status->st_blocks * 512;
	walked.files += kind == FTW_F;
	if (name && kind == FTW_F && status->st_size > 0 && strcmp(name, "/dovecot-acl") == 0)
		walked.shared = true;
	return 0;
}

static int walk(const char *home, const struct mailbox_format *format, struct error *error)
{
	_cleanup_free_ char *path = file_join(home, format->folder);

	walked.bytes = walked.files = 0;
	walked.shared = false;
	if (!path)
		return error_set(error, ENOMEM, "out of memory");
	if (nftw(path, walk_one, OPEN_AT_ONCE, FTW_PHYS) < 0 && errno != ENOENT)
		return error_errno(error, errno, "%s", path);
	return 0;
}

int mailbox_check_room(const struct mailbox_owner *owner, const struct mailbox_format *from,
		       struct error *error)
{
	_cleanup_(buffer_free) struct buffer said = BUFFER_INIT;
	static const char *const words[] = {
	    "mailbox", "status", "--no-userdb-lookup", "-t", "messages", "*", NULL};
	struct statvfs disk;
	struct slice rest, line;
	long long messages = 0;
	uint64_t free_bytes, wanted;
	int result = walk(owner->home, from, error);

	if (result == 0)
		result = mailbox_ask(owner, from, words, MAILBOX_COPY_MS, &said, error);
	if (result < 0)
		return result;
	rest = (struct slice){buffer_text(&said), said.size};
	while (slice_until(&rest, SLICE("\n"), &line))
		(void)slice_number(&line, &messages);
	if (statvfs(owner->home, &disk) < 0)
		return error_errno(error, errno, "%s", owner->home);
	free_bytes = (uint64_t)disk.f_bavail * disk.f_frsize;
	wanted = walked.bytes + walked.bytes / 8 + (uint64_t)messages * MESSAGE_BYTES +
		 SPARE_BYTES + (uint64_t)disk.f_blocks * disk.f_frsize / SPARE_PART;
	if (free_bytes >= wanted)
		return 0;
	return error_set(
	    error, ENOSPC,
	    "a copy wants %llu MiB of the disk, with what has to stay free, and there are %llu",
	    (unsigned long long)(wanted >> 20), (unsigned long long)(free_bytes >> 20));
}

int mailbox_is_shared(const char *home, const struct mailbox_format *format, bool *ret,
		      struct error *error)
{
	int result = walk(home, format, error);

	*ret = walked.shared;
	return result;
}
