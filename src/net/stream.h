// SPDX-License-Identifier: GPL-3.0-or-later
/* A byte stream to a server, read by lines: TCP or unix socket, in the clear or
 * inside TLS, never waiting past its deadline.
 *
 * The socket is non-blocking; each call polls until it can go on or until
 * `deadline_ms` of the stream (a point on clock_now_ms's clock, which the owner
 * may move between calls).  A timeout loses nothing: what had arrived stays in
 * the stream, so a caller may move the deadline and ask again.  Every other
 * failure is final.
 *
 * Limits: a line longer than `line_limit` and more than `total_limit` bytes in a
 * conversation are FAILURE_PROTOCOL; so are a NUL in a line and a line that ends
 * in LF alone, which no mail protocol allows.
 *
 * The program must ignore SIGPIPE: OpenSSL writes with write(2). */
#ifndef POSTCASK_NET_STREAM_H
#define POSTCASK_NET_STREAM_H

#include <openssl/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "net/failure.h"

struct stream_params {
	const char *address; /* numeric IPv4/IPv6, or the path of a unix socket */
	unsigned port;
	const char *source; /* numeric address to come from; NULL: any */
	int64_t deadline_ms;
	size_t line_limit;  /* 0: 8 KiB */
	size_t total_limit; /* 0: 4 MiB */
};

struct stream {
	int fd;
	SSL *tls; /* owned; NULL in the clear */
	int64_t deadline_ms;
	size_t line_limit;
	size_t total_limit;
	size_t total; /* bytes read so far */
	struct buffer input;
	size_t consumed; /* bytes at the front of input that were handed out */
	bool ended;	 /* the server closed its side */
	struct failure failure;
};

#define STREAM_INIT ((struct stream){.fd = -1})

_must_check_ enum failure_class stream_open(struct stream *stream,
					    const struct stream_params *params);

/* Takes over a connected socket (params->address is not used): for tests. */
_must_check_ enum failure_class stream_adopt(struct stream *stream, int fd,
					     const struct stream_params *params);

/* Reads one line, without its CR LF.  The text is NUL-terminated and valid until
 * the next read. */
_must_check_ enum failure_class stream_read_line(struct stream *stream, const char **ret_line,
						 size_t *ret_size);

/* Appends exactly `size` bytes to `output`. */
_must_check_ enum failure_class stream_read_bytes(struct stream *stream, size_t size,
						  struct buffer *output);

/* Writes all of it. */
_must_check_ enum failure_class stream_write(struct stream *stream, const void *bytes, size_t size);
_must_check_ enum failure_class stream_writef(struct stream *stream, const char *format, ...)
    _printf_(2, 3);

/* True when bytes wait that nobody read: after a STARTTLS reply this is an
 * injection (RFC 3207 §5, CVE-2011-0411). */
bool stream_has_input(const struct stream *stream);

/* Sets the failure "cannot WHAT: ..." of an errno, and returns its class. */
enum failure_class stream_fail_errno(struct stream *stream, int code, const char *what);

/* Waits for the socket: POLLIN or POLLOUT.  FAILURE_TIMEOUT at the deadline. */
_must_check_ enum failure_class stream_poll(struct stream *stream, short events);

/* What to do after SSL_connect, SSL_read or SSL_write gave `result` <= 0: waits,
 * and FAILURE_NONE means try again; or says why to give up.  A clean close sets
 * stream->ended. */
_must_check_ enum failure_class stream_tls_continue(struct stream *stream, int result);

/* Closes, wipes what was read, keeps the failure. */
void stream_close(struct stream *stream);

/* stream_close and failure_clear: for _cleanup_(stream_free). */
void stream_free(struct stream *stream);

#endif
