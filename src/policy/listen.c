// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
	WAITING = 128,
	RECEIVED = 1024 * 1024, /* answers to all that may be asked at once */
};

int listen_at(const char *path, int *ret_fd, struct error *error)
{
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	if (strlen(path) >= sizeof(address.sun_path))
		return error_set(error, ENAMETOOLONG, "%s is too long for a socket", path);
	strcpy(address.sun_path, path);
	if (fd < 0 || (unlink(path) < 0 && errno != ENOENT) ||
	    bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || chmod(path, 0666) < 0 ||
	    listen(fd, WAITING) < 0)
		return error_errno(error, errno, "cannot listen at %s", path);
	*ret_fd = TAKE_FD(fd);
	return 0;
}

int listen_resolver(const char *text, unsigned port, int *ret_fd, struct error *error)
{
	_cleanup_close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	int size = RECEIVED;

	if (inet_pton(AF_INET, text, &address.sin_addr) != 1)
		return error_set(error, EINVAL, "%s is no address of a resolver", text);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return error_errno(error, errno, "cannot ask %s", text);
	/* Less is enough on a quiet machine. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)) < 0)
		return error_errno(error, errno, "cannot ask %s", text);
	*ret_fd = TAKE_FD(fd);
	return 0;
}

void listen_wake(const char *path)
{
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	if (fd < 0 || strlen(path) >= sizeof(address.sun_path))
		return;
	strcpy(address.sun_path, path);
	/* One that waits there already is enough. */
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return;
}
