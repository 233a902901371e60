// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/stream.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"

enum { READ_SIZE = 16 * 1024 }; /* one TLS record */

static enum failure_class fail_memory(struct stream *stream)
{
	return failure_set(&stream->failure, FAILURE_RESOURCE, "out of memory");
}

enum failure_class stream_fail_errno(struct stream *stream, int code, const char *what)
{
	enum failure_class class = FAILURE_UNREACHABLE;

	switch (code) {
	case ECONNREFUSED:
	case ENOENT:
	case EACCES:
		class = FAILURE_REFUSED;
		break;
	case EPIPE:
	case ECONNRESET:
		class = FAILURE_CLOSED;
		break;
	case ETIMEDOUT:
		class = FAILURE_TIMEOUT;
		break;
	case ENOMEM:
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
		class = FAILURE_RESOURCE;
		break;
	}
	return failure_set(&stream->failure, class, "cannot %s: %s", what, strerror(code));
}

enum failure_class stream_poll(struct stream *stream, short events)
{
	for (;;) {
		struct pollfd wait = {.fd = stream->fd, .events = events};
		int ready = poll(&wait, 1, clock_left_ms(stream->deadline_ms));

		if (ready > 0)
			return FAILURE_NONE;
		if (ready == 0)
			return failure_set(&stream->failure, FAILURE_TIMEOUT,
					   "no answer before the deadline");
		if (errno != EINTR)
			return stream_fail_errno(stream, errno, "poll");
	}
}

enum failure_class stream_tls_continue(struct stream *stream, int result)
{
	int saved = errno;
	unsigned long code;

	switch (SSL_get_error(stream->tls, result)) {
	case SSL_ERROR_WANT_READ:
		return stream_poll(stream, POLLIN);
	case SSL_ERROR_WANT_WRITE:
		return stream_poll(stream, POLLOUT);
	case SSL_ERROR_ZERO_RETURN:
		stream->ended = true;
		return FAILURE_NONE;
	case SSL_ERROR_SYSCALL:
		if (saved == 0)
			saved = ECONNRESET;
		return stream_fail_errno(stream, saved, "use the TLS connection");
	}
	code = ERR_get_error();
	ERR_clear_error();
	if (ERR_GET_REASON(code) == SSL_R_UNEXPECTED_EOF_WHILE_READING)
		return failure_set(&stream->failure, FAILURE_CLOSED,
				   "the server closed the connection without ending TLS");
	return failure_set(&stream->failure, FAILURE_TLS, "TLS broke: %s",
			   ERR_reason_error_string(code) ? ERR_reason_error_string(code)
							 : "unknown error");
}

/* One read of whatever is there, at least a byte; 0 bytes at the end. */
static enum failure_class receive(struct stream *stream, char *bytes, size_t room, size_t *ret_size)
{
	enum failure_class failure;
	ssize_t got;

	*ret_size = 0;
	while (stream->tls) {
		ERR_clear_error();
		errno = 0;
		got = SSL_read(stream->tls, bytes, room);
		if (got > 0) {
			*ret_size = got;
			return FAILURE_NONE;
		}
		failure = stream_tls_continue(stream, got);
		if (failure || stream->ended)
			return failure;
	}
	for (;;) {
		got = recv(stream->fd, bytes, room, 0);
		if (got >= 0) {
			stream->ended = got == 0;
			*ret_size = got;
			return FAILURE_NONE;
		}
		if (errno != EAGAIN && errno != EINTR)
			return stream_fail_errno(stream, errno, "read");
		failure = stream_poll(stream, POLLIN);
		if (failure)
			return failure;
	}
}

/* Reads more into the buffer, or fails. */
static enum failure_class fill(struct stream *stream)
{
	char bytes[READ_SIZE];
	enum failure_class failure;
	size_t size;

	if (stream->ended)
		return failure_set(&stream->failure, FAILURE_CLOSED,
				   "the server closed the connection");
	failure = receive(stream, bytes, sizeof(bytes), &size);
	if (failure)
		return failure;
	if (size == 0)
		return failure_set(&stream->failure, FAILURE_CLOSED,
				   "the server closed the connection");
	stream->total += size;
	if (stream->total > stream->total_limit)
		return failure_set(&stream->failure, FAILURE_PROTOCOL,
				   "the server sent more than %zu bytes", stream->total_limit);
	buffer_add(&stream->input, bytes, size);
	return stream->input.failed ? fail_memory(stream) : FAILURE_NONE;
}

static void drop_consumed(struct stream *stream)
{
	buffer_consume(&stream->input, stream->consumed);
	stream->consumed = 0;
}

enum failure_class stream_read_line(struct stream *stream, const char **ret_line, size_t *ret_size)
{
	enum failure_class failure;
	char *end;
	size_t size;

	drop_consumed(stream);
	while (!(end = stream->input.size ? memchr(stream->input.data, '\n', stream->input.size)
					  : NULL) &&
	       stream->input.size <= stream->line_limit) {
		failure = fill(stream);
		if (failure)
			return failure;
	}
	size = end ? (size_t)(end - stream->input.data) : stream->input.size;
	if (size > stream->line_limit)
		return failure_set(&stream->failure, FAILURE_PROTOCOL,
				   "the server sent a line of more than %zu bytes",
				   stream->line_limit);
	if (size == 0 || end[-1] != '\r')
		return failure_set(&stream->failure, FAILURE_PROTOCOL,
				   "the server sent a line that ends in LF without CR");
	stream->consumed = size + 1;
	stream->input.data[--size] = '\0';
	if (memchr(stream->input.data, '\0', size))
		return failure_set(&stream->failure, FAILURE_PROTOCOL,
				   "the server sent a line with a NUL in it");
	*ret_line = stream->input.data;
	if (ret_size)
		*ret_size = size;
	return FAILURE_NONE;
}

enum failure_class stream_read_bytes(struct stream *stream, size_t size, struct buffer *output)
{
	enum failure_class failure;

	drop_consumed(stream);
	if (size > stream->total_limit)
		return failure_set(&stream->failure, FAILURE_PROTOCOL,
				   "the server announced %zu bytes, more than %zu", size,
				   stream->total_limit);
	while (stream->input.size < size) {
		failure = fill(stream);
		if (failure)
			return failure;
	}
	buffer_add(output, stream->input.data, size);
	stream->consumed = size;
	return output->failed ? fail_memory(stream) : FAILURE_NONE;
}

bool stream_has_input(const struct stream *stream)
{
	return stream->input.size > stream->consumed;
}

/* One write; 0 bytes when it has to be tried again. */
static enum failure_class send_some(struct stream *stream, const char *bytes, size_t size,
				    size_t *ret_size)
{
	ssize_t sent;

	*ret_size = 0;
	if (stream->tls) {
		ERR_clear_error();
		errno = 0;
		sent = SSL_write(stream->tls, bytes, size);
		if (sent <= 0)
			return stream_tls_continue(stream, sent);
	} else {
		sent = send(stream->fd, bytes, size, MSG_NOSIGNAL);
		if (sent < 0 && errno != EAGAIN && errno != EINTR)
			return stream_fail_errno(stream, errno, "write");
		if (sent < 0)
			return stream_poll(stream, POLLOUT);
	}
	*ret_size = sent;
	return FAILURE_NONE;
}

enum failure_class stream_write(struct stream *stream, const void *bytes, size_t size)
{
	const char *at = bytes;

	while (size > 0) {
		size_t sent;
		enum failure_class failure = send_some(stream, at, size, &sent);

		if (failure)
			return failure;
		if (stream->ended)
			return failure_set(&stream->failure, FAILURE_CLOSED,
					   "the server closed the connection");
		at += sent;
		size -= sent;
	}
	return FAILURE_NONE;
}

enum failure_class stream_writef(struct stream *stream, const char *format, ...)
{
	enum failure_class failure;
	va_list arguments;
	char *text;
	int size;

	va_start(arguments, format);
	size = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (size < 0)
		return fail_memory(stream);
	failure = stream_write(stream, text, size);
	explicit_bzero(text, size); /* it may have been a password */
	free(text);
	return failure;
}

void stream_close(struct stream *stream)
{
	SSL_free(stream->tls);
	stream->tls = NULL;
	if (stream->fd >= 0)
		close(stream->fd);
	stream->fd = -1;
	buffer_wipe(&stream->input);
	stream->consumed = 0;
}

void stream_free(struct stream *stream)
{
	stream_close(stream);
	failure_clear(&stream->failure);
}
