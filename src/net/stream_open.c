// SPDX-License-Identifier: GPL-3.0-or-later
/* Where a stream comes from: a connection made, or a socket taken over. */
#include "net/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/file.h"

enum {
	LINE_LIMIT = 8 * 1024,
	TOTAL_LIMIT = 4 * 1024 * 1024,
};

static void set_limits(struct stream *stream, const struct stream_params *params)
{
	stream->deadline_ms = params->deadline_ms;
	stream->line_limit = params->line_limit ? params->line_limit : LINE_LIMIT;
	stream->total_limit = params->total_limit ? params->total_limit : TOTAL_LIMIT;
}

/* Returns the length of the address, 0 when it is none. */
static socklen_t resolve(const char *text, unsigned number, struct sockaddr_storage *ret_address)
{
	struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
				 .ai_socktype = SOCK_STREAM};
	struct sockaddr_un path = {.sun_family = AF_UNIX};
	struct addrinfo *found;
	socklen_t size;
	char port[16];

	if (text[0] == '/') {
		if (strlen(text) >= sizeof(path.sun_path))
			return 0;
		strcpy(path.sun_path, text);
		memcpy(ret_address, &path, sizeof(path));
		return sizeof(path);
	}
	snprintf(port, sizeof(port), "%u", number);
	if (getaddrinfo(text, port, &hints, &found) != 0)
		return 0;
	size = found->ai_addrlen;
	memcpy(ret_address, found->ai_addr, size);
	freeaddrinfo(found);
	return size;
}

static enum failure_class bind_source(struct stream *stream, const char *source)
{
	struct sockaddr_storage address = {0};
	socklen_t size = resolve(source, 0, &address);

	if (size == 0 || bind(stream->fd, (struct sockaddr *)&address, size) < 0)
		return failure_set(&stream->failure, FAILURE_UNREACHABLE,
				   "cannot come from the address %s", source);
	return FAILURE_NONE;
}

static enum failure_class finish_connect(struct stream *stream)
{
	socklen_t code_size = sizeof(int);
	int code = 0;
	enum failure_class failure = stream_poll(stream, POLLOUT);

	if (failure)
		return failure_wrap(&stream->failure, "cannot connect");
	if (getsockopt(stream->fd, SOL_SOCKET, SO_ERROR, &code, &code_size) < 0)
		code = errno;
	return code ? stream_fail_errno(stream, code, "connect") : FAILURE_NONE;
}

enum failure_class stream_open(struct stream *stream, const struct stream_params *params)
{
	struct sockaddr_storage address = {0};
	socklen_t size = resolve(params->address, params->port, &address);
	enum failure_class failure = FAILURE_NONE;
	int on = 1;

	*stream = STREAM_INIT;
	set_limits(stream, params);
	if (size == 0)
		return failure_set(&stream->failure, FAILURE_UNREACHABLE,
				   "'%s' port %u is no address", params->address, params->port);
	stream->fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (stream->fd < 0)
		return stream_fail_errno(stream, errno, "make a socket");
	if (address.ss_family != AF_UNIX)
		setsockopt(stream->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (params->source)
		failure = bind_source(stream, params->source);
	if (failure)
		return failure;
	if ((address.ss_family == AF_UNIX
		 ? file_connect(stream->fd, params->address)
		 : connect(stream->fd, (struct sockaddr *)&address, size)) == 0)
		return FAILURE_NONE;
	if (errno != EINPROGRESS)
		return stream_fail_errno(stream, errno, "connect");
	return finish_connect(stream);
}

enum failure_class stream_adopt(struct stream *stream, int fd, const struct stream_params *params)
{
	*stream = STREAM_INIT;
	stream->fd = fd;
	set_limits(stream, params);
	if (fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) < 0)
		return stream_fail_errno(stream, errno, "adopt the socket");
	return FAILURE_NONE;
}
