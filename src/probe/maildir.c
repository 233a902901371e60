// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/maildir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/slice.h"

enum {
	FILES = 1000,		   /* of one look; the rest is of runs long ago */
	MESSAGE_LIMIT = 64 * 1024, /* our largest has 2 KiB, before headers are added */
};

void maildir_prepare(const char *path)
{
	static const char *const folders[] = {"", "/new", "/cur", "/tmp"};

	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		_cleanup_free_ char *folder = NULL;

		if (asprintf(&folder, "%s%s", path, folders[i]) >= 0 && mkdir(folder, 0700) < 0 &&
		    errno != EEXIST)
			return;
	}
}

/* Is there such a line in the header? */
static bool has_line(struct slice text, const char *wanted)
{
	struct slice line;

	while (slice_until(&text, SLICE("\n"), &line) && line.size > 0)
		if (line.size == strlen(wanted) && strncasecmp(line.at, wanted, line.size) == 0)
			return true;
	return false;
}

static bool fits(struct slice text, bool spam, const char *message_id)
{
	_cleanup_free_ char *line = NULL;

	if (asprintf(&line, "Message-ID: <%s>", message_id) < 0) {
		line = NULL;
		return false;
	}
	return has_line(text, line) && has_line(text, "X-Spam-Flag: YES") == spam;
}

static void add_lines(struct slice text, struct buffer *message)
{
	struct slice line;

	while (slice_until(&text, SLICE("\n"), &line)) {
		buffer_add(message, line.at, line.size);
		buffer_add_text(message, "\r\n");
	}
}

/* One look.  Negative errno when there is no such folder. */
static int look(const char *path, bool spam, const char *message_id, struct buffer *message,
		bool *ret_found)
{
	_cleanup_closedir_ DIR *folder = opendir(path);
	const struct dirent *entry;
	int count = 0;

	if (!folder)
		return -errno;
	while (!*ret_found && (entry = readdir(folder)) && count++ < FILES) {
		_cleanup_free_ char *name = file_join(path, entry->d_name), *bytes = NULL;
		struct slice text = {0};

		if (entry->d_name[0] == '.' || !name ||
		    file_read_foreign(name, MESSAGE_LIMIT, &bytes, &text.size, NULL) < 0)
			continue;
		text.at = bytes;
		*ret_found = fits(text, spam, message_id);
		if (*ret_found && message)
			add_lines(text, message);
	}
	return 0;
}

/* False at the deadline. */
static bool await_change(int events, int64_t until_ms)
{
	char bytes[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	struct pollfd wait = {.fd = events, .events = POLLIN};
	int left = clock_left_ms(until_ms);

	if (left == 0 || (poll(&wait, 1, left) <= 0 && errno != EINTR))
		return false;
	while (read(events, bytes, sizeof(bytes)) > 0)
		;
	return true;
}

enum failure_class maildir_await(const char *path, bool spam, const char *message_id,
				 int64_t until_ms, struct buffer *message, bool *ret_found,
				 struct failure *failure)
{
	_cleanup_close_ int events = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	_cleanup_free_ char *new = file_join(path, "new"), *written = file_join(path, "tmp");
	int result;

	/* virtual(8) gives a file its second name, which is when it comes, and then takes the first
	 * one from it: before that it has two, and nobody reads it (file_read_foreign). */
	if (!new || !written || events < 0 ||
	    inotify_add_watch(events, new, IN_CREATE | IN_MOVED_TO) < 0 ||
	    inotify_add_watch(events, written, IN_DELETE) < 0)
		return failure_set(failure, FAILURE_RESOURCE, "cannot watch %s/new: %s", path,
				   strerror(errno));
	*ret_found = false;
	do
		result = look(new, spam, message_id, message, ret_found);
	while (result == 0 && !*ret_found && await_change(events, until_ms));
	return result < 0 ? failure_set(failure, FAILURE_RESOURCE, "cannot read %s: %s", new,
					strerror(-result))
			  : FAILURE_NONE;
}

enum failure_class maildir_clean(const char *path, struct failure *failure)
{
	_cleanup_free_ char *new = file_join(path, "new");
	_cleanup_closedir_ DIR *folder = new ? opendir(new) : NULL;
	const struct dirent *entry;

	if (!folder)
		return failure_set(failure, FAILURE_RESOURCE, "cannot read %s/new: %s", path,
				   strerror(errno));
	while ((entry = readdir(folder)))
		if (entry->d_name[0] != '.' && unlinkat(dirfd(folder), entry->d_name, 0) < 0)
			return failure_set(failure, FAILURE_RESOURCE, "cannot clean %s: %s", new,
					   strerror(errno));
	return FAILURE_NONE;
}
