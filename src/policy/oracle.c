// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/oracle.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "base/file.h"

/* Of a question that is under way and that nobody waits for. */
#define FORGOTTEN UINT64_MAX

void oracle_init(struct oracle *oracle, const char *path)
{
	*oracle = (struct oracle){.path = path};
	for (size_t i = 0; i < ORACLE_CONNECTIONS; i++)
		oracle->connections[i] = (struct oracle_connection){.fd = -1};
}

/* Its answer, if it has one that was not taken, stays. */
static void close_connection(struct oracle_connection *connection)
{
	struct oracle_connection closed = {.fd = -1};

	if (connection->ticket && connection->ticket != FORGOTTEN) {
		closed.ticket = connection->ticket;
		closed.answer = connection->answer ? connection->answer : ORACLE_NONE;
	}
	close(connection->fd);
	buffer_free(&connection->input);
	*connection = closed;
}

static void become_idle(struct oracle_connection *connection)
{
	connection->ticket = 0;
	connection->answer = ORACLE_NOT_YET;
	if (connection->fd >= 0 && connection->asked >= ORACLE_QUESTIONS)
		close_connection(connection);
}

/* systemd accepts at once, or its row is full. */
static int connect_to(const char *path)
{
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || file_connect(fd, path) < 0)
		return -1;
	return TAKE_FD(fd);
}

/* It remembers what it has said of an instance. */
static bool write_question(int fd, uint64_t ticket, const struct postfix_request *request)
{
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;

	buffer_addf(&text,
		    "request=smtpd_access_policy\nprotocol_state=RCPT\nprotocol_name=ESMTP\n"
		    "instance=%llu\nclient_address=%s\nhelo_name=%s\nsender=%s\n\n",
		    (unsigned long long)ticket, request->client, request->helo, request->sender);
	return !text.failed &&
	       send(fd, text.data, text.size, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)text.size;
}

/* An idle one with a process, else one that has none. */
static struct oracle_connection *choose(struct oracle *oracle)
{
	struct oracle_connection *chosen = NULL;

	for (size_t i = 0; i < ORACLE_CONNECTIONS; i++) {
		struct oracle_connection *connection = &oracle->connections[i];

		if (!connection->ticket && (!chosen || connection->fd >= 0))
			chosen = connection;
	}
	return chosen;
}

uint64_t oracle_ask(struct oracle *oracle, const struct postfix_request *request, int64_t now_ms,
		    bool *ret_busy)
{
	struct oracle_connection *connection = choose(oracle);

	*ret_busy = !connection;
	if (!connection)
		return 0;
	if (connection->fd < 0)
		connection->fd = connect_to(oracle->path);
	if (connection->fd < 0)
		return 0;
	if (!write_question(connection->fd, ++oracle->last_ticket, request)) {
		close_connection(connection);
		return 0;
	}
	connection->ticket = oracle->last_ticket;
	connection->asked++;
	connection->answer = ORACLE_NOT_YET;
	connection->due_ms = now_ms + ORACLE_ANSWER_MS;
	return connection->ticket;
}

enum oracle_answer oracle_take(struct oracle *oracle, uint64_t ticket)
{
	for (size_t i = 0; i < ORACLE_CONNECTIONS; i++) {
		struct oracle_connection *connection = &oracle->connections[i];
		enum oracle_answer answer = connection->answer;

		if (connection->ticket != ticket)
			continue;
		if (answer)
			become_idle(connection);
		return answer;
	}
	return ORACLE_NONE;
}

static bool is_said_of(const struct oracle_said *said, const struct postfix_request *request,
		       int64_t now_ms)
{
	return now_ms < said->until_ms && strcmp(said->client, request->client) == 0 &&
	       strcmp(said->domain, request->domain) == 0;
}

enum oracle_answer oracle_recall(const struct oracle *oracle, const struct postfix_request *request,
				 int64_t now_ms)
{
	for (size_t i = 0; i < ORACLE_SAID; i++)
		if (is_said_of(&oracle->said[i], request, now_ms))
			return oracle->said[i].answer;
	return ORACLE_NOT_YET;
}

void oracle_remember(struct oracle *oracle, const struct postfix_request *request,
		     enum oracle_answer answer, int64_t now_ms)
{
	struct oracle_said *said = &oracle->said[oracle->next_said++ % ORACLE_SAID];

	if (answer == ORACLE_NONE || answer == ORACLE_NOT_YET)
		return;
	strcpy(said->client, request->client);
	strcpy(said->domain, request->domain);
	said->answer = answer;
	said->until_ms = now_ms + ORACLE_SAID_MS;
}

void oracle_forget(struct oracle *oracle, uint64_t ticket)
{
	for (size_t i = 0; ticket && i < ORACLE_CONNECTIONS; i++) {
		struct oracle_connection *connection = &oracle->connections[i];

		if (connection->ticket == ticket && connection->answer)
			become_idle(connection);
		else if (connection->ticket == ticket)
			connection->ticket = FORGOTTEN;
	}
}

/* "action=550 5.7.23 Message rejected due to: ...", else "action=prepend Received-SPF: Pass (...",
 * with the result as its first word; of what is neither nothing is known. */
static enum oracle_answer read_answer(const struct buffer *input)
{
	static const struct {
		const char *begin;
		enum oracle_answer answer;
	} answers[] = {{"action=5", ORACLE_FAIL},
		       {"action=prepend Received-SPF: Pass ", ORACLE_PASS},
		       {"action=prepend Received-SPF: None ", ORACLE_NO_RECORD}};
	const char *text = buffer_text(input);

	if (!strstr(text, "\n\n"))
		return ORACLE_NOT_YET;
	for (size_t i = 0; i < ARRAY_SIZE(answers); i++)
		if (strncasecmp(text, answers[i].begin, strlen(answers[i].begin)) == 0)
			return answers[i].answer;
	return ORACLE_OTHER;
}

static void read_connection(struct oracle_connection *connection, int64_t now_ms)
{
	char bytes[ORACLE_LIMIT];
	ssize_t size = recv(connection->fd, bytes, sizeof(bytes), MSG_DONTWAIT);

	if (size < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (size > 0)
		buffer_add(&connection->input, bytes, (size_t)size);
	if (size <= 0 || connection->input.failed || connection->input.size > ORACLE_LIMIT ||
	    !connection->ticket || connection->answer) {
		close_connection(connection); /* ended, or says what it was not asked */
		return;
	}
	connection->answer = read_answer(&connection->input);
	if (!connection->answer)
		return;
	buffer_reset(&connection->input);
	connection->due_ms = now_ms + ORACLE_IDLE_MS;
	if (connection->ticket == FORGOTTEN)
		become_idle(connection);
}

void oracle_polled(const struct oracle *oracle, struct pollfd *polled)
{
	for (size_t i = 0; i < ORACLE_CONNECTIONS; i++)
		polled[i] = (struct pollfd){oracle->connections[i].fd, POLLIN, 0};
}

void oracle_work(struct oracle *oracle, const struct pollfd *polled, int64_t now_ms)
{
	for (size_t i = 0; i < ORACLE_CONNECTIONS; i++) {
		struct oracle_connection *connection = &oracle->connections[i];

		if (connection->fd < 0)
			continue;
		if (polled[i].fd == connection->fd && polled[i].revents)
			read_connection(connection, now_ms);
		if (connection->fd >= 0 && now_ms >= connection->due_ms)
			close_connection(connection);
	}
}

int64_t oracle_due(const struct oracle *oracle)
{
	int64_t due_ms = INT64_MAX;

	for (size_t i = 0; i < ORACLE_CONNECTIONS; i++)
		if (oracle->connections[i].fd >= 0 && oracle->connections[i].due_ms < due_ms)
			due_ms = oracle->connections[i].due_ms;
	return due_ms;
}

void oracle_close(struct oracle *oracle)
{
	for (size_t i = 0; i < ORACLE_CONNECTIONS; i++)
		if (oracle->connections[i].fd >= 0)
			close_connection(&oracle->connections[i]);
}
