// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/http.h"

#include <ctype.h>
#include <string.h>

static enum failure_class no_greeting(struct session *session _unused_)
{
	return FAILURE_NONE;
}

static enum failure_class no_upgrade(struct session *session)
{
	return failure_set(&session->stream.failure, FAILURE_PROTOCOL, "HTTP has no STARTTLS");
}

static enum failure_class no_login(struct session *session, enum mechanism mechanism _unused_,
				   const char *user _unused_, const char *password _unused_)
{
	return failure_set(&session->stream.failure, FAILURE_PROTOCOL, "no login is spoken here");
}

static void no_goodbye(struct session *session _unused_)
{
}

const struct protocol http_protocol = {
    .name = "http",
    .greet = no_greeting,
    .start_tls = no_upgrade,
    .encrypted = no_greeting,
    .authenticate = no_login,
    .quit = no_goodbye,
};

static enum failure_class fail_answer(struct session *session, const char *line)
{
	return failure_set(&session->stream.failure, FAILURE_PROTOCOL, "the server answered %s",
			   line);
}

/* "HTTP/1.1 200 OK" */
static enum failure_class read_status(struct session *session, unsigned *ret_status)
{
	enum failure_class failure;
	unsigned status = 0;
	const char *line;
	size_t size;

	failure = stream_read_line(&session->stream, &line, &size);
	if (failure)
		return failure;
	if (strncmp(line, "HTTP/1.1 ", 9) != 0)
		return fail_answer(session, line);
	for (size_t i = 9; i < 12; i++) {
		if (!isdigit((unsigned char)line[i]))
			return fail_answer(session, line);
		status = status * 10 + (unsigned)(line[i] - '0');
	}
	if ((line[12] != '\0' && line[12] != ' ') || status < 100)
		return fail_answer(session, line);
	*ret_status = status;
	return FAILURE_NONE;
}

/* The value of the header `name` when the line is that, else NULL. */
static const char *header_value(const char *line, const char *name)
{
	size_t size = strlen(name);

	if (strncasecmp(line, name, size) != 0 || line[size] != ':')
		return NULL;
	line += size + 1;
	return line + strspn(line, " \t");
}

/* Digits alone, up to HTTP_BODY. */
static bool read_length(const char *value, size_t *ret_length)
{
	size_t length = 0;

	if (!*value)
		return false;
	for (; *value; value++) {
		if (!isdigit((unsigned char)*value))
			return false;
		length = length * 10 + (size_t)(*value - '0');
		if (length > HTTP_BODY)
			return false;
	}
	*ret_length = length;
	return true;
}

static enum failure_class take_header(struct session *session, const char *line,
				      struct http_answer *answer, size_t *length, bool *has_length)
{
	const char *value;

	if (header_value(line, "Transfer-Encoding"))
		return fail_answer(session, line);
	if ((value = header_value(line, "Content-Length"))) {
		if (*has_length || !read_length(value, length))
			return fail_answer(session, line);
		*has_length = true;
	} else if ((value = header_value(line, "Content-Type"))) {
		free(answer->type);
		answer->type = strdup(value);
	} else if (header_value(line, "Server")) {
		answer->tells_server = true;
	}
	return FAILURE_NONE;
}

static enum failure_class read_headers(struct session *session, struct http_answer *answer,
				       size_t *ret_length)
{
	enum failure_class failure;
	bool has_length = false;
	const char *line;
	size_t size;

	for (unsigned i = 0; i < HTTP_HEADERS; i++) {
		failure = stream_read_line(&session->stream, &line, &size);
		if (failure)
			return failure;
		if (size == 0)
			return has_length ? FAILURE_NONE
					  : failure_set(&session->stream.failure, FAILURE_PROTOCOL,
							"an answer without a Content-Length");
		failure = take_header(session, line, answer, ret_length, &has_length);
		if (failure)
			return failure;
	}
	return failure_set(&session->stream.failure, FAILURE_PROTOCOL,
			   "an answer of more than %d headers", HTTP_HEADERS);
}

enum failure_class http_get(struct session *session, const char *host, const char *path,
			    struct http_answer *ret)
{
	enum failure_class failure =
	    stream_writef(&session->stream, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", path, host);
	size_t length = 0;

	if (!failure)
		failure = read_status(session, &ret->status);
	if (!failure)
		failure = read_headers(session, ret, &length);
	if (!failure)
		failure = stream_read_bytes(&session->stream, length, &ret->body);
	return failure ? failure_wrap(&session->stream.failure, "GET %s", path) : FAILURE_NONE;
}

void http_answer_clear(struct http_answer *answer)
{
	free(answer->type);
	buffer_free(&answer->body);
	*answer = HTTP_ANSWER_INIT;
}
