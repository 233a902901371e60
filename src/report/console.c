// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/console.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"

enum {
	LIST_LIMIT = 4096,
};

static bool write_until(int fd, const char *text, size_t size, int64_t deadline_ms)
{
	while (size > 0) {
		struct pollfd wait = {.fd = fd, .events = POLLOUT};
		ssize_t written = write(fd, text, size);

		if (written > 0) {
			text += written;
			size -= (size_t)written;
		} else if (written < 0 && errno != EAGAIN && errno != EINTR) {
			return false;
		} else if (clock_left_ms(deadline_ms) == 0 ||
			   poll(&wait, 1, clock_left_ms(deadline_ms)) == 0) {
			return false;
		}
	}
	return true;
}

/* -1 when the console cannot be opened, else whether all was written. */
static int write_console(const char *folder, const char *name, const char *text, size_t size,
			 int timeout_ms)
{
	_cleanup_free_ char *path = file_join(folder, name);
	_cleanup_close_ int fd =
	    path ? open(path, O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC) : -1;

	if (fd < 0)
		return -1;
	return write_until(fd, text, size, clock_now_ms() + timeout_ms);
}

int console_write_all(const char *list, const char *folder, const char *text, size_t size,
		      int timeout_ms)
{
	struct error none = ERROR_INIT;
	_cleanup_free_ char *names = NULL;
	bool opened = false;
	int count = 0;
	char *rest;
	char *name;

	if (file_read(list, LIST_LIMIT, &names, NULL, &none) < 0)
		error_clear(&none);
	rest = names;
	while (rest && (name = strsep(&rest, " \n"))) {
		int written;

		if (!name[0] || strchr(name, '/'))
			continue;
		written = write_console(folder, name, text, size, timeout_ms);
		opened = opened || written >= 0;
		count += written > 0;
	}
	if (!opened)
		count += write_console(folder, "console", text, size, timeout_ms) > 0;
	return count;
}
