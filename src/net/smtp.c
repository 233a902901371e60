// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/smtp.h"
#include "base/crypto.h"

#include <string.h>

enum {
	REPLY_LINES = 100,
};

static const char selftest_name[] = "selftest.invalid";

bool smtp_parse_reply_line(const char *line, size_t size, int *ret_code, bool *ret_more)
{
	if (size < 3 || line[0] < '2' || line[0] > '5' || line[1] < '0' || line[1] > '9' ||
	    line[2] < '0' || line[2] > '9')
		return false;
	if (size > 3 && line[3] != ' ' && line[3] != '-')
		return false;
	*ret_code = (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
	*ret_more = size > 3 && line[3] == '-';
	return true;
}

enum failure_class smtp_read_reply(struct session *session, struct smtp_reply *reply)
{
	buffer_reset(&reply->text);
	reply->code = 0;
	for (int lines = 0; lines < REPLY_LINES; lines++) {
		enum failure_class failure;
		const char *line;
		size_t size;
		bool more;
		int code;

		failure = stream_read_line(&session->stream, &line, &size);
		if (failure)
			return failure;
		if (!smtp_parse_reply_line(line, size, &code, &more))
			return failure_set(&session->stream.failure, FAILURE_PROTOCOL,
					   "'%s' is no SMTP reply", line);
		if (reply->code && reply->code != code)
			return failure_set(&session->stream.failure, FAILURE_PROTOCOL,
					   "one reply with two codes, %d and %d", reply->code,
					   code);
		reply->code = code;
		if (lines)
			buffer_add_char(&reply->text, '\n');
		buffer_add(&reply->text, line + (size > 3 ? 4 : 3), size - (size > 3 ? 4 : 3));
		if (!more && !reply->text.failed)
			return FAILURE_NONE;
		if (reply->text.failed)
			return failure_set(&session->stream.failure, FAILURE_RESOURCE,
					   "out of memory");
	}
	return failure_set(&session->stream.failure, FAILURE_PROTOCOL,
			   "a reply of more than %d lines", REPLY_LINES);
}

enum failure_class smtp_command(struct session *session, struct smtp_reply *reply,
				const char *format, ...)
{
	enum failure_class failure;
	va_list arguments;
	char *text;
	int size;

	va_start(arguments, format);
	size = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (size < 0)
		return failure_set(&session->stream.failure, FAILURE_RESOURCE, "out of memory");
	failure = stream_writef(&session->stream, "%s\r\n", text);
	explicit_bzero(text, size);
	free(text);
	return failure ? failure : smtp_read_reply(session, reply);
}

enum failure_class smtp_unexpected(struct session *session, const struct smtp_reply *reply,
				   const char *what)
{
	enum failure_class class = FAILURE_PROTOCOL;

	if (reply->code >= 500)
		class = FAILURE_POLICY;
	else if (reply->code >= 400)
		class = FAILURE_RESOURCE;
	return failure_set(&session->stream.failure, class, "%s was answered with %d %s", what,
			   reply->code, buffer_text(&reply->text));
}

/* "AUTH PLAIN LOGIN" and the like. */
static unsigned parse_mechanisms(const char *list)
{
	unsigned found = 0;

	while (*list) {
		size_t size;

		list += strspn(list, " ");
		size = strcspn(list, " ");
		if (size == 5 && strncasecmp(list, "PLAIN", size) == 0)
			found |= CAPABILITY_AUTH_PLAIN;
		if (size == 5 && strncasecmp(list, "LOGIN", size) == 0)
			found |= CAPABILITY_AUTH_LOGIN;
		list += size;
	}
	return found;
}

static unsigned parse_keyword(const char *line)
{
	if (strcasecmp(line, "STARTTLS") == 0)
		return CAPABILITY_STARTTLS;
	if (strcasecmp(line, "8BITMIME") == 0)
		return CAPABILITY_8BITMIME;
	if (strncasecmp(line, "SIZE ", 5) == 0 || strcasecmp(line, "SIZE") == 0)
		return CAPABILITY_SIZE;
	if (strncasecmp(line, "AUTH ", 5) == 0)
		return parse_mechanisms(line + 5);
	return 0;
}

static enum failure_class smtp_ehlo(struct session *session)
{
	_cleanup_(smtp_reply_free) struct smtp_reply reply = SMTP_REPLY_INIT;
	enum failure_class failure =
	    smtp_command(session, &reply, "EHLO %s", session->helo ? session->helo : selftest_name);
	char *rest;
	char *line;

	if (failure)
		return failure;
	if (reply.code != 250)
		return smtp_unexpected(session, &reply, "EHLO");
	session->capabilities = 0;
	rest = reply.text.data;
	strsep(&rest, "\n"); /* the first line is the server's name */
	while ((line = strsep(&rest, "\n")))
		session->capabilities |= parse_keyword(line);
	return FAILURE_NONE;
}

static enum failure_class smtp_greet(struct session *session)
{
	_cleanup_(smtp_reply_free) struct smtp_reply reply = SMTP_REPLY_INIT;
	enum failure_class failure = smtp_read_reply(session, &reply);

	if (failure)
		return failure;
	if (reply.code != 220)
		return smtp_unexpected(session, &reply, "the connection");
	session->greeting = buffer_take(&reply.text);
	return smtp_ehlo(session);
}

static enum failure_class smtp_start_tls(struct session *session)
{
	_cleanup_(smtp_reply_free) struct smtp_reply reply = SMTP_REPLY_INIT;
	enum failure_class failure = smtp_command(session, &reply, "STARTTLS");

	if (failure)
		return failure;
	return reply.code == 220 ? FAILURE_NONE : smtp_unexpected(session, &reply, "STARTTLS");
}

/* One step of AUTH LOGIN: the server says 334, we answer. */
static enum failure_class answer_challenge(struct session *session, struct smtp_reply *reply,
					   const char *text)
{
	_cleanup_free_ char *encoded = crypto_base64(text, strlen(text));
	enum failure_class failure;

	if (!encoded)
		return failure_set(&session->stream.failure, FAILURE_RESOURCE, "out of memory");
	failure = smtp_command(session, reply, "%s", encoded);
	explicit_bzero(encoded, strlen(encoded));
	return failure;
}

static enum failure_class auth_login(struct session *session, struct smtp_reply *reply,
				     const char *user, const char *password)
{
	enum failure_class failure = smtp_command(session, reply, "AUTH LOGIN");

	if (!failure && reply->code == 334)
		failure = answer_challenge(session, reply, user);
	if (!failure && reply->code == 334)
		failure = answer_challenge(session, reply, password);
	return failure;
}

static enum failure_class auth_plain(struct session *session, struct smtp_reply *reply,
				     const char *user, const char *password)
{
	_cleanup_free_ char *response = session_plain_response(user, password);
	enum failure_class failure;

	if (!response)
		return failure_set(&session->stream.failure, FAILURE_RESOURCE, "out of memory");
	failure = smtp_command(session, reply, "AUTH PLAIN %s", response);
	explicit_bzero(response, strlen(response));
	return failure;
}

static enum failure_class smtp_authenticate(struct session *session, enum mechanism mechanism,
					    const char *user, const char *password)
{
	_cleanup_(smtp_reply_free) struct smtp_reply reply = SMTP_REPLY_INIT;
	enum failure_class failure = mechanism == MECHANISM_LOGIN
					 ? auth_login(session, &reply, user, password)
					 : auth_plain(session, &reply, user, password);

	if (failure || reply.code == 235)
		return failure;
	failure = smtp_unexpected(session, &reply, "AUTH");
	if (reply.code == 535) /* RFC 4954 §6; other 5xx do not judge the password */
		failure = session->stream.failure.class = FAILURE_AUTHENTICATION;
	return failure;
}

static void smtp_quit(struct session *session)
{
	_cleanup_(smtp_reply_free) struct smtp_reply reply = SMTP_REPLY_INIT;

	(void)!smtp_command(session, &reply, "QUIT");
}

const struct protocol smtp_protocol = {
    .name = "smtp",
    .greet = smtp_greet,
    .start_tls = smtp_start_tls,
    .encrypted = smtp_ehlo,
    .authenticate = smtp_authenticate,
    .quit = smtp_quit,
};

void smtp_stuff(const char *message, size_t size, struct buffer *output)
{
	bool at_start = true;

	for (size_t i = 0; i < size; i++) {
		if (at_start && message[i] == '.')
			buffer_add_char(output, '.');
		buffer_add_char(output, message[i]);
		at_start = message[i] == '\n';
	}
	buffer_add_text(output, at_start ? ".\r\n" : "\r\n.\r\n");
}

void smtp_stuff_lines(const char *text, size_t size, bool *at_start, struct buffer *output)
{
	for (size_t i = 0; i < size; i++) {
		if (*at_start && text[i] == '.')
			buffer_add_char(output, '.');
		*at_start = text[i] == '\n';
		if (*at_start)
			buffer_add_char(output, '\r');
		buffer_add_char(output, text[i]);
	}
}

static enum failure_class send_data(struct session *session, const struct smtp_envelope *envelope,
				    struct smtp_reply *reply)
{
	_cleanup_(buffer_free) struct buffer stuffed = BUFFER_INIT;
	enum failure_class failure;

	smtp_stuff(envelope->message, envelope->size, &stuffed);
	if (stuffed.failed)
		return failure_set(&session->stream.failure, FAILURE_RESOURCE, "out of memory");
	failure = stream_write(&session->stream, stuffed.data, stuffed.size);
	if (!failure)
		failure = smtp_read_reply(session, reply);
	if (!failure && reply->code != 250)
		failure = smtp_unexpected(session, reply, "the message");
	return failure;
}

enum failure_class smtp_begin(struct session *session, const char *from, const char *const *to,
			      size_t count, struct smtp_reply *reply)
{
	enum failure_class failure;

	failure = smtp_command(session, reply, "MAIL FROM:<%s> BODY=8BITMIME", from);
	if (failure || reply->code != 250)
		return failure ? failure : smtp_unexpected(session, reply, "MAIL FROM");
	for (size_t i = 0; i < count; i++) {
		failure = smtp_command(session, reply, "RCPT TO:<%s>", to[i]);
		if (failure || reply->code != 250)
			return failure ? failure : smtp_unexpected(session, reply, "RCPT TO");
	}
	failure = smtp_command(session, reply, "DATA");
	if (failure || reply->code != 354)
		return failure ? failure : smtp_unexpected(session, reply, "DATA");
	return FAILURE_NONE;
}

enum failure_class smtp_send(struct session *session, const struct smtp_envelope *envelope,
			     struct smtp_reply *reply)
{
	enum failure_class failure = smtp_begin(session, envelope->from, &envelope->to, 1, reply);

	return failure ? failure : send_data(session, envelope, reply);
}

void smtp_reply_free(struct smtp_reply *reply)
{
	buffer_free(&reply->text);
}
