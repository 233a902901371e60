// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/pop3.h"

#include <string.h>

enum {
	LINES = 100 * 1000, /* of one multi-line answer; its bytes are limited by the stream */
	MESSAGES = 10 * 1000,
};

enum failure_class pop3_parse_status(const char *line)
{
	if (strncmp(line, "+OK", 3) == 0 && (line[3] == ' ' || line[3] == '\0'))
		return FAILURE_NONE;
	if (strncmp(line, "-ERR", 4) == 0 && (line[4] == ' ' || line[4] == '\0'))
		return strstr(line, "[SYS/TEMP]") || strstr(line, "[IN-USE]") ? FAILURE_RESOURCE
									      : FAILURE_CONTENT;
	return FAILURE_PROTOCOL;
}

/* Reads a status line; *ret_line (may be NULL) is valid until the next read. */
static enum failure_class read_status(struct session *session, const char *what,
				      const char **ret_line)
{
	enum failure_class failure;
	const char *line;

	failure = stream_read_line(&session->stream, &line, NULL);
	if (failure)
		return failure;
	failure = pop3_parse_status(line);
	if (failure)
		return failure_set(&session->stream.failure, failure, "%s was answered with %s",
				   what, line);
	if (ret_line)
		*ret_line = line;
	return FAILURE_NONE;
}

/* Sends "VERB argument" and reads the status line. */
static enum failure_class command(struct session *session, const char *verb, const char *argument)
{
	enum failure_class failure =
	    stream_writef(&session->stream, "%s%s%s\r\n", verb, argument[0] ? " " : "", argument);

	return failure ? failure : read_status(session, verb, NULL);
}

static enum failure_class command_number(struct session *session, const char *verb, unsigned number)
{
	char argument[16];

	snprintf(argument, sizeof(argument), "%u", number);
	return command(session, verb, argument);
}

/* Reads lines up to the final dot (§3), undoing the doubled ones. */
static enum failure_class read_lines(struct session *session, struct buffer *lines)
{
	for (int count = 0; count < LINES; count++) {
		enum failure_class failure;
		const char *line;
		size_t size;

		failure = stream_read_line(&session->stream, &line, &size);
		if (failure)
			return failure;
		if (size == 1 && line[0] == '.')
			return lines->failed ? failure_set(&session->stream.failure,
							   FAILURE_RESOURCE, "out of memory")
					     : FAILURE_NONE;
		if (line[0] == '.')
			line++, size--;
		buffer_add(lines, line, size);
		buffer_add_text(lines, "\r\n");
	}
	return failure_set(&session->stream.failure, FAILURE_PROTOCOL,
			   "an answer of more than %d lines", LINES);
}

/* The rest of the line that begins with this keyword, NULL when there is none. */
static const char *find_line(const char *lines, const char *keyword)
{
	size_t size = strlen(keyword);

	for (const char *at = lines; *at; at = strchrnul(at, '\n')) {
		at += *at == '\n';
		if (strncasecmp(at, keyword, size) == 0 && strchr(" \r", at[size]))
			return at + size;
	}
	return NULL;
}

static unsigned parse_capabilities(const char *lines)
{
	const char *mechanisms = find_line(lines, "SASL");
	unsigned found = 0;

	if (find_line(lines, "STLS"))
		found |= CAPABILITY_STARTTLS;
	if (find_line(lines, "USER"))
		found |= CAPABILITY_AUTH_LOGIN;
	while (mechanisms && *mechanisms == ' ') {
		mechanisms++;
		if (strncasecmp(mechanisms, "PLAIN", 5) == 0 && strchr(" \r", mechanisms[5]))
			found |= CAPABILITY_AUTH_PLAIN;
		mechanisms += strcspn(mechanisms, " \r");
	}
	return found;
}

static enum failure_class pop3_capabilities(struct session *session)
{
	_cleanup_(buffer_free) struct buffer lines = BUFFER_INIT;
	enum failure_class failure = command(session, "CAPA", "");

	if (!failure)
		failure = read_lines(session, &lines);
	if (failure)
		return failure;
	session->capabilities = parse_capabilities(buffer_text(&lines));
	return FAILURE_NONE;
}

static enum failure_class pop3_greet(struct session *session)
{
	enum failure_class failure;
	const char *line;

	failure = read_status(session, "the connection", &line);
	if (failure)
		return failure;
	session->greeting = strdup(line);
	return pop3_capabilities(session);
}

static enum failure_class pop3_start_tls(struct session *session)
{
	return command(session, "STLS", "");
}

static enum failure_class login(struct session *session, const char *user, const char *password)
{
	enum failure_class failure = command(session, "USER", user);

	return failure ? failure : command(session, "PASS", password);
}

/* AUTH PLAIN, waiting for the "+ " before the response. */
static enum failure_class auth_plain(struct session *session, const char *user,
				     const char *password)
{
	_cleanup_free_ char *response = session_plain_response(user, password);
	enum failure_class failure;
	const char *line;

	if (!response)
		return failure_set(&session->stream.failure, FAILURE_RESOURCE, "out of memory");
	failure = stream_writef(&session->stream, "AUTH PLAIN\r\n");
	if (!failure)
		failure = stream_read_line(&session->stream, &line, NULL);
	if (!failure && line[0] != '+')
		failure = failure_set(&session->stream.failure, pop3_parse_status(line),
				      "AUTH was answered with %s", line);
	else if (!failure && strncmp(line, "+OK", 3) == 0)
		failure = failure_set(&session->stream.failure, FAILURE_PROTOCOL,
				      "AUTH was accepted before the password came");
	if (!failure)
		failure = stream_writef(&session->stream, "%s\r\n", response);
	if (!failure)
		failure = read_status(session, "AUTH", NULL);
	explicit_bzero(response, strlen(response));
	return failure;
}

static enum failure_class pop3_authenticate(struct session *session, enum mechanism mechanism,
					    const char *user, const char *password)
{
	enum failure_class failure = mechanism == MECHANISM_LOGIN
					 ? login(session, user, password)
					 : auth_plain(session, user, password);

	if (failure == FAILURE_CONTENT) /* RFC 3206 §4 */
		failure = session->stream.failure.class =
		    strstr(failure_text(&session->stream.failure), "[AUTH]")
			? FAILURE_AUTHENTICATION
			: FAILURE_POLICY;
	return failure;
}

static void pop3_quit(struct session *session)
{
	(void)!command(session, "QUIT", "");
}

const struct protocol pop3_protocol = {
    .name = "pop3",
    .greet = pop3_greet,
    .start_tls = pop3_start_tls,
    .encrypted = pop3_capabilities,
    .authenticate = pop3_authenticate,
    .quit = pop3_quit,
};

enum failure_class pop3_count(struct session *session, unsigned *ret_count)
{
	enum failure_class failure;
	const char *line;
	unsigned long count;

	failure = stream_writef(&session->stream, "STAT\r\n");
	if (!failure)
		failure = read_status(session, "STAT", &line);
	if (failure)
		return failure;
	if (strncmp(line, "+OK ", 4) != 0 || line[4] < '0' || line[4] > '9')
		return failure_set(&session->stream.failure, FAILURE_PROTOCOL,
				   "STAT was answered with %s", line);
	count = strtoul(line + 4, NULL, 10);
	if (count > MESSAGES)
		return failure_set(&session->stream.failure, FAILURE_CONTENT,
				   "the mailbox has more than %d messages", MESSAGES);
	*ret_count = (unsigned)count;
	return FAILURE_NONE;
}

enum failure_class pop3_find(struct session *session, const char *message_id, unsigned *ret_number)
{
	unsigned count;
	enum failure_class failure = pop3_count(session, &count);

	for (; !failure && count > 0; count--) {
		_cleanup_(buffer_free) struct buffer header = BUFFER_INIT;
		char argument[16];

		snprintf(argument, sizeof(argument), "%u 0", count);
		failure = command(session, "TOP", argument);
		if (!failure)
			failure = read_lines(session, &header);
		if (!failure && strstr(buffer_text(&header), message_id))
			break;
	}
	*ret_number = count;
	return failure;
}

enum failure_class pop3_retrieve(struct session *session, unsigned number, struct buffer *message)
{
	enum failure_class failure = command_number(session, "RETR", number);

	return failure ? failure : read_lines(session, message);
}
