// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/imap.h"

#include <string.h>

#include "base/crypto.h"

enum {
	RESPONSES = 10000, /* untagged ones to a single command */
};

static void parse_capabilities(struct session *session, const char *text)
{
	static const struct {
		const char *name;
		enum capability capability;
	} known[] = {
	    {"STARTTLS", CAPABILITY_STARTTLS},		 {"AUTH=PLAIN", CAPABILITY_AUTH_PLAIN},
	    {"AUTH=LOGIN", CAPABILITY_AUTH_LOGIN},	 {"IDLE", CAPABILITY_IDLE},
	    {"LOGINDISABLED", CAPABILITY_LOGINDISABLED}, {"SPECIAL-USE", CAPABILITY_SPECIAL_USE},
	    {"NAMESPACE", CAPABILITY_NAMESPACE},	 {"X-GM-EXT-1", CAPABILITY_GMAIL},
	};
	const char *list = strcasestr(text, "CAPABILITY ");

	if (!list)
		return;
	session->capabilities = 0;
	for (list += strlen("CAPABILITY"); *list && *list != ']';) {
		size_t size;

		list += strspn(list, " ");
		size = strcspn(list, " ]");
		for (size_t i = 0; i < ARRAY_SIZE(known); i++)
			if (size == strlen(known[i].name) &&
			    strncasecmp(list, known[i].name, size) == 0)
				session->capabilities |= known[i].capability;
		list += size;
	}
}

/* A tagged "OK ...", "NO ..." or "BAD ...". */
static enum failure_class finish(struct session *session, const char *status)
{
	enum failure_class class = FAILURE_CONTENT;

	if (strncasecmp(status, "OK ", 3) == 0 || strcasecmp(status, "OK") == 0) {
		if (strncasecmp(status, "OK [CAPABILITY ", 15) == 0)
			parse_capabilities(session, status);
		return FAILURE_NONE;
	}
	if (strncasecmp(status, "NO", 2) != 0)
		class = FAILURE_PROTOCOL;
	else if (strcasestr(status, "[UNAVAILABLE]") || strcasestr(status, "[INUSE]") ||
		 strcasestr(status, "[LIMIT]") || strcasestr(status, "[SERVERBUG]"))
		class = FAILURE_RESOURCE;
	return failure_set(&session->stream.failure, class, "the server answered %s", status);
}

static enum failure_class fail_early(struct session *session)
{
	return failure_set(&session->stream.failure, FAILURE_PROTOCOL,
			   "the server ended a command that had only begun");
}

enum await {
	AWAIT_END,	  /* of the command */
	AWAIT_GO,	  /* a "+" */
	AWAIT_END_ANYHOW, /* each "+" before it gets an empty line */
};

/* Reads responses up to the one that is awaited. */
static enum failure_class read_result(struct session *session, enum await await,
				      imap_untagged *untagged, void *context)
{
	_cleanup_(imap_response_free) struct imap_response response = IMAP_RESPONSE_INIT;
	char tag[16];
	int tag_size = snprintf(tag, sizeof(tag), "A%u ", session->tag);

	for (int count = 0; count < RESPONSES; count++) {
		enum failure_class failure = imap_read_response(session, &response);
		const char *text = buffer_text(&response.text);

		if (failure)
			return failure;
		if (await == AWAIT_GO && text[0] == '+')
			return FAILURE_NONE;
		if (await == AWAIT_END_ANYHOW && text[0] == '+') {
			failure = stream_writef(&session->stream, "\r\n");
			if (failure)
				return failure;
			continue;
		}
		if (strncmp(text, tag, (size_t)tag_size) == 0) {
			failure = finish(session, text + tag_size);
			return failure || await != AWAIT_GO ? failure : fail_early(session);
		}
		if (strncmp(text, "* ", 2) != 0)
			return failure_set(&session->stream.failure, FAILURE_PROTOCOL,
					   "'%s' is no IMAP response", text);
		if (strncasecmp(text, "* CAPABILITY ", 13) == 0)
			parse_capabilities(session, text);
		if (untagged)
			untagged(session, &response, context);
	}
	return failure_set(&session->stream.failure, FAILURE_PROTOCOL,
			   "more than %d responses to one command", RESPONSES);
}

enum failure_class imap_run(struct session *session, imap_untagged *untagged, void *context,
			    const char *format, ...)
{
	enum failure_class failure;
	va_list arguments;
	char *command;
	int size;

	va_start(arguments, format);
	size = vasprintf(&command, format, arguments);
	va_end(arguments);
	if (size < 0)
		return failure_set(&session->stream.failure, FAILURE_RESOURCE, "out of memory");
	failure = stream_writef(&session->stream, "A%u %s\r\n", ++session->tag, command);
	explicit_bzero(command, size);
	free(command);
	return failure ? failure : read_result(session, AWAIT_END, untagged, context);
}

static enum failure_class imap_greet(struct session *session)
{
	_cleanup_(imap_response_free) struct imap_response response = IMAP_RESPONSE_INIT;
	enum failure_class failure = imap_read_response(session, &response);

	if (failure)
		return failure;
	if (strncasecmp(buffer_text(&response.text), "* OK", 4) != 0)
		return failure_set(&session->stream.failure, FAILURE_PROTOCOL,
				   "'%s' is no IMAP greeting", buffer_text(&response.text));
	parse_capabilities(session, buffer_text(&response.text));
	session->greeting = buffer_take(&response.text);
	return session->capabilities ? FAILURE_NONE : imap_run(session, NULL, NULL, "CAPABILITY");
}

static enum failure_class imap_start_tls(struct session *session)
{
	return imap_run(session, NULL, NULL, "STARTTLS");
}

static enum failure_class imap_encrypted(struct session *session)
{
	return imap_run(session, NULL, NULL, "CAPABILITY");
}

char *imap_quote(const char *text)
{
	_cleanup_(buffer_wipe) struct buffer quoted = BUFFER_INIT;

	buffer_add_char(&quoted, '"');
	for (; *text; text++) {
		if ((unsigned char)*text < ' ' || (unsigned char)*text > '~')
			return NULL;
		if (*text == '"' || *text == '\\')
			buffer_add_char(&quoted, '\\');
		buffer_add_char(&quoted, *text);
	}
	buffer_add_char(&quoted, '"');
	return buffer_take(&quoted);
}

static enum failure_class login(struct session *session, const char *user, const char *password)
{
	_cleanup_free_ char *quoted_user = imap_quote(user);
	_cleanup_free_ char *quoted = imap_quote(password);
	enum failure_class failure;

	if (!quoted_user || !quoted)
		return failure_set(&session->stream.failure, FAILURE_RESOURCE,
				   "no way to send this user and password");
	failure = imap_run(session, NULL, NULL, "LOGIN %s %s", quoted_user, quoted);
	explicit_bzero(quoted, strlen(quoted));
	return failure;
}

/* AUTHENTICATE in two steps, which every server understands. */
static enum failure_class authenticate_plain(struct session *session, const char *user,
					     const char *password)
{
	_cleanup_free_ char *response = session_plain_response(user, password);
	enum failure_class failure;

	if (!response)
		return failure_set(&session->stream.failure, FAILURE_RESOURCE, "out of memory");
	failure = stream_writef(&session->stream, "A%u AUTHENTICATE PLAIN\r\n", ++session->tag);
	if (!failure)
		failure = read_result(session, AWAIT_GO, NULL, NULL);
	if (!failure)
		failure = stream_writef(&session->stream, "%s\r\n", response);
	if (!failure)
		failure = read_result(session, AWAIT_END, NULL, NULL);
	explicit_bzero(response, strlen(response));
	return failure;
}

/* As Google and Microsoft have it: a token in the place of a password.  Who is refused is told why
 * in base64 and must answer before the refusal itself comes. */
static enum failure_class authenticate_xoauth2(struct session *session, const char *user,
					       const char *token)
{
	_cleanup_(buffer_wipe) struct buffer plain = BUFFER_INIT;
	_cleanup_free_ char *response = NULL;
	enum failure_class failure;

	buffer_addf(&plain, "user=%s\001auth=Bearer %s\001\001", user, token);
	if (plain.failed || !(response = crypto_base64(plain.data, plain.size)))
		return failure_set(&session->stream.failure, FAILURE_RESOURCE, "out of memory");
	failure = stream_writef(&session->stream, "A%u AUTHENTICATE XOAUTH2\r\n", ++session->tag);
	if (!failure)
		failure = read_result(session, AWAIT_GO, NULL, NULL);
	if (!failure)
		failure = stream_writef(&session->stream, "%s\r\n", response);
	explicit_bzero(response, strlen(response));
	return failure ? failure : read_result(session, AWAIT_END_ANYHOW, NULL, NULL);
}

static enum failure_class imap_authenticate(struct session *session, enum mechanism mechanism,
					    const char *user, const char *password)
{
	enum failure_class failure = mechanism == MECHANISM_LOGIN ? login(session, user, password)
				     : mechanism == MECHANISM_XOAUTH2
					 ? authenticate_xoauth2(session, user, password)
					 : authenticate_plain(session, user, password);

	if (failure == FAILURE_CONTENT) /* RFC 5530 §3 */
		failure = session->stream.failure.class =
		    strstr(failure_text(&session->stream.failure), "[AUTHENTICATIONFAILED]")
			? FAILURE_AUTHENTICATION
			: FAILURE_POLICY;
	if (failure || session->capabilities & CAPABILITY_IDLE)
		return failure;
	return imap_run(session, NULL, NULL, "CAPABILITY"); /* §6.2.3: they change with the login */
}

static void imap_quit(struct session *session)
{
	(void)!imap_run(session, NULL, NULL, "LOGOUT");
}

const struct protocol imap_protocol = {
    .name = "imap",
    .greet = imap_greet,
    .start_tls = imap_start_tls,
    .encrypted = imap_encrypted,
    .authenticate = imap_authenticate,
    .quit = imap_quit,
};

void imap_append_add(struct buffer *parts, const char *flags, const char *date, const void *message,
		     size_t size)
{
	buffer_addf(parts, " (%s)", flags);
	if (date[0])
		buffer_addf(parts, " \"%s\"", date);
	buffer_addf(parts, " {%zu+}\r\n", size);
	buffer_add(parts, message, size);
}

enum failure_class imap_append(struct session *session, const char *mailbox, const void *parts,
			       size_t size)
{
	_cleanup_free_ char *quoted = imap_quote(mailbox);
	enum failure_class failure;

	if (!quoted)
		return failure_set(&session->stream.failure, FAILURE_CONTENT,
				   "no way to write this mailbox's name");
	failure = stream_writef(&session->stream, "A%u APPEND %s", ++session->tag, quoted);
	if (!failure)
		failure = stream_write(&session->stream, parts, size);
	if (!failure)
		failure = stream_write(&session->stream, "\r\n", 2);
	return failure ? failure : read_result(session, AWAIT_END, NULL, NULL);
}

enum failure_class imap_select(struct session *session, const char *mailbox)
{
	enum failure_class failure = imap_run(session, NULL, NULL, "SELECT \"%s\"", mailbox);

	return failure ? failure_wrap(&session->stream.failure, "mailbox %s", mailbox)
		       : FAILURE_NONE;
}

struct search {
	unsigned uid;
	bool found; /* there was a SEARCH response */
	bool news;
};

/* "* 12 EXISTS" */
static bool is_exists(const char *line)
{
	size_t digits = strspn(line + 2, "0123456789");

	return digits && strcasecmp(line + 2 + digits, " EXISTS") == 0;
}

static void take_search(struct session *session _unused_, const struct imap_response *response,
			void *context)
{
	const char *text = buffer_text(&response->text);
	struct search *search = context;

	search->found = imap_parse_search(text, &search->uid) || search->found;
	search->news = is_exists(text) || search->news;
}

enum failure_class imap_search(struct session *session, const char *message_id, unsigned *ret_uid,
			       bool *ret_news)
{
	struct search search = {0};
	enum failure_class failure = imap_run(session, take_search, &search,
					      "UID SEARCH HEADER Message-ID \"%s\"", message_id);

	if (failure)
		return failure_wrap(&session->stream.failure, "SEARCH");
	if (!search.found)
		return failure_set(&session->stream.failure, FAILURE_PROTOCOL,
				   "SEARCH without a result");
	*ret_uid = search.uid;
	if (ret_news)
		*ret_news = search.news;
	return FAILURE_NONE;
}

static void take_fetch(struct session *session _unused_, const struct imap_response *response,
		       void *context)
{
	struct buffer *message = context;

	if (!response->literals || !strcasestr(buffer_text(&response->text), " FETCH "))
		return;
	buffer_reset(message);
	buffer_add(message, response->text.data + response->literal_at, response->literal_size);
}

enum failure_class imap_fetch(struct session *session, unsigned uid, struct buffer *message)
{
	enum failure_class failure =
	    imap_run(session, take_fetch, message, "UID FETCH %u (BODY.PEEK[])", uid);

	if (failure)
		return failure_wrap(&session->stream.failure, "FETCH");
	if (message->failed)
		return failure_set(&session->stream.failure, FAILURE_RESOURCE, "out of memory");
	if (message->size == 0)
		return failure_set(&session->stream.failure, FAILURE_CONTENT,
				   "FETCH gave no message");
	return FAILURE_NONE;
}

enum failure_class imap_expunge_all(struct session *session)
{
	enum failure_class failure =
	    imap_run(session, NULL, NULL, "UID STORE 1:* +FLAGS.SILENT (\\Deleted)");

	if (!failure)
		failure = imap_run(session, NULL, NULL, "EXPUNGE");
	return failure ? failure_wrap(&session->stream.failure, "EXPUNGE") : FAILURE_NONE;
}

/* Reads what an idling server says until it tells of a message. */
static enum failure_class await_exists(struct session *session)
{
	_cleanup_(imap_response_free) struct imap_response response = IMAP_RESPONSE_INIT;

	for (int count = 0; count < RESPONSES; count++) {
		enum failure_class failure = imap_read_response(session, &response);
		const char *text = buffer_text(&response.text);

		if (failure)
			return failure;
		if (strncmp(text, "* ", 2) != 0)
			return fail_early(session);
		if (is_exists(text))
			return FAILURE_NONE;
	}
	return failure_set(&session->stream.failure, FAILURE_PROTOCOL, "endless talk in IDLE");
}

enum failure_class imap_idle(struct session *session, int64_t until_ms)
{
	int64_t deadline_ms = session->stream.deadline_ms;
	enum failure_class failure;

	if (!(session->capabilities & CAPABILITY_IDLE))
		return failure_set(&session->stream.failure, FAILURE_PROTOCOL,
				   "the server does not offer IDLE");
	failure = stream_writef(&session->stream, "A%u IDLE\r\n", ++session->tag);
	if (!failure)
		failure = read_result(session, AWAIT_GO, NULL, NULL);
	if (failure)
		return failure_wrap(&session->stream.failure, "IDLE");
	if (until_ms < deadline_ms)
		session->stream.deadline_ms = until_ms;
	failure = await_exists(session);
	session->stream.deadline_ms = deadline_ms;
	if (failure == FAILURE_TIMEOUT)
		failure = FAILURE_NONE;
	if (!failure)
		failure = stream_writef(&session->stream, "DONE\r\n");
	if (!failure)
		failure = read_result(session, AWAIT_END, NULL, NULL);
	return failure ? failure_wrap(&session->stream.failure, "IDLE") : FAILURE_NONE;
}
