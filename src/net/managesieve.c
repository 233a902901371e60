// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/managesieve.h"

#include <string.h>

#include "net/imap.h" /* its literals are ManageSieve's too */

enum {
	LINES = 200, /* before the OK, NO or BYE that ends a response */
};

char *managesieve_take_string(const char **line)
{
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;
	const char *at = *line + strspn(*line, " ");

	if (*at++ != '"')
		return NULL;
	for (; *at && *at != '"'; at++) {
		if (*at == '\\' && !*++at)
			return NULL;
		buffer_add_char(&text, *at);
	}
	if (*at != '"')
		return NULL;
	*line = at + 1;
	return buffer_take(&text);
}

static void take_mechanisms(struct session *session, const char *list)
{
	while (*list) {
		size_t size;

		list += strspn(list, " ");
		size = strcspn(list, " ");
		if (size == 5 && strncasecmp(list, "PLAIN", size) == 0)
			session->capabilities |= CAPABILITY_AUTH_PLAIN;
		if (size == 5 && strncasecmp(list, "LOGIN", size) == 0)
			session->capabilities |= CAPABILITY_AUTH_LOGIN;
		list += size;
	}
}

/* "NAME" or "NAME" "value": one capability, §1.7. */
static void take_capability(struct session *session, const char *line)
{
	_cleanup_free_ char *name = managesieve_take_string(&line);
	_cleanup_free_ char *value = managesieve_take_string(&line);

	if (!name)
		return;
	if (strcasecmp(name, "STARTTLS") == 0)
		session->capabilities |= CAPABILITY_STARTTLS;
	if (strcasecmp(name, "SASL") == 0 && value)
		take_mechanisms(session, value);
	if (strcasecmp(name, "IMPLEMENTATION") == 0 && value && !session->greeting)
		session->greeting = TAKE_POINTER(value);
}

static bool is_word(const char *line, const char *word)
{
	size_t size = strlen(word);

	return strncasecmp(line, word, size) == 0 && strchr(" ", line[size]);
}

/* Reads a response: capabilities or nothing, then its result. */
static enum failure_class read_result(struct session *session)
{
	_cleanup_(imap_response_free) struct imap_response response = IMAP_RESPONSE_INIT;

	for (int count = 0; count < LINES; count++) {
		enum failure_class failure = imap_read_response(session, &response);
		const char *line = buffer_text(&response.text);

		if (failure)
			return failure;
		if (line[0] == '"') {
			take_capability(session, line);
			continue;
		}
		if (is_word(line, "OK"))
			return FAILURE_NONE;
		failure = FAILURE_PROTOCOL;
		if (is_word(line, "NO"))
			failure =
			    strcasestr(line, "(TRYLATER)") ? FAILURE_RESOURCE : FAILURE_CONTENT;
		else if (is_word(line, "BYE"))
			failure = FAILURE_CLOSED;
		return failure_set(&session->stream.failure, failure, "the server answered %s",
				   line);
	}
	return failure_set(&session->stream.failure, FAILURE_PROTOCOL,
			   "a response of more than %d lines", LINES);
}

static enum failure_class managesieve_start_tls(struct session *session)
{
	enum failure_class failure = stream_writef(&session->stream, "STARTTLS\r\n");

	return failure ? failure : read_result(session);
}

static enum failure_class managesieve_authenticate(struct session *session,
						   enum mechanism mechanism _unused_,
						   const char *user, const char *password)
{
	_cleanup_free_ char *response = session_plain_response(user, password);
	enum failure_class failure;

	if (!response)
		return failure_set(&session->stream.failure, FAILURE_RESOURCE, "out of memory");
	failure = stream_writef(&session->stream, "AUTHENTICATE \"PLAIN\" \"%s\"\r\n", response);
	explicit_bzero(response, strlen(response));
	if (!failure)
		failure = read_result(session);
	/* There is no code for it (§2.1): the words are Dovecot's. */
	if (failure == FAILURE_CONTENT)
		failure = session->stream.failure.class =
		    strcasestr(failure_text(&session->stream.failure), "authentication failed")
			? FAILURE_AUTHENTICATION
			: FAILURE_POLICY;
	return failure;
}

static void managesieve_quit(struct session *session)
{
	if (!stream_writef(&session->stream, "LOGOUT\r\n"))
		(void)!read_result(session);
}

const struct protocol managesieve_protocol = {
    .name = "managesieve",
    .greet = read_result, /* the server begins with its capabilities, §1.7 */
    .start_tls = managesieve_start_tls,
    .encrypted = read_result, /* and again after the handshake, §2.2 */
    .authenticate = managesieve_authenticate,
    .quit = managesieve_quit,
};

enum failure_class managesieve_check_script(struct session *session, const char *script)
{
	enum failure_class failure =
	    stream_writef(&session->stream, "CHECKSCRIPT {%zu+}\r\n%s\r\n", strlen(script), script);

	if (!failure)
		failure = read_result(session);
	return failure ? failure_wrap(&session->stream.failure, "CHECKSCRIPT") : FAILURE_NONE;
}
