// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { RECEIVED = 1024 * 1024 }; /* answers to all that may be asked at once */

int listen_end(int *ret_fd, struct error *error)
{
	return listen_end_and(SIGTERM, ret_fd, error);
}

int listen_end_and(int number, int *ret_fd, struct error *error)
{
	sigset_t ends;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, number);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	*ret_fd = signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK);
	return *ret_fd < 0 ? error_errno(error, errno, "cannot wait") : 0;
}

int listen_at(const char *path, mode_t mode, int waiting, int *ret_fd, struct error *error)
{
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	if (strlen(path) >= sizeof(address.sun_path))
		return error_set(error, ENAMETOOLONG, "%s is too long for a socket", path);
	strcpy(address.sun_path, path);
	if (fd < 0 || (unlink(path) < 0 && errno != ENOENT) ||
	    bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || chmod(path, mode) < 0 ||
	    listen(fd, waiting) < 0)
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

int listen_loopback(unsigned port, int waiting, int *ret_fd, struct error *error)
{
	_cleanup_close_ int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_port = htons((uint16_t)port),
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int on = 1;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, waiting) < 0)
		return error_errno(error, errno, "cannot listen on port %u of the loopback", port);
	*ret_fd = TAKE_FD(fd);
	return 0;
}

bool listen_send(int fd, struct buffer *output, size_t *sent)
{
	ssize_t size =
	    send(fd, output->data + *sent, output->size - *sent, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (size < 0)
		return errno == EAGAIN || errno == EINTR;
	*sent += (size_t)size;
	if (*sent == output->size) {
		*sent = 0;
		buffer_reset(output);
	}
	return true;
}
