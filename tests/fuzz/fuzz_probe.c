// SPDX-License-Identifier: GPL-3.0-or-later
/* What a server may say to the probes: whole dialogues of every protocol, DNS
 * answers, and headers of signature databases.  The first byte chooses. */
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "net/dns.h"
#include "net/http.h"
#include "net/imap.h"
#include "net/managesieve.h"
#include "net/pop3.h"
#include "net/smtp.h"
#include "probe/signatures.h"

enum {
	SERVER_LIMIT = 60 * 1024, /* what a socket holds without a reader */
	DEADLINE_MS = 1000,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void talk_smtp(struct session *session)
{
	_cleanup_(smtp_reply_free) struct smtp_reply reply = SMTP_REPLY_INIT;
	struct smtp_envelope envelope = {"a@b", "c@d", ".\r\n", 3};

	if (!smtp_send(session, &envelope, &reply) && reply.code != 250)
		abort();
}

static void talk_imap(struct session *session)
{
	_cleanup_(buffer_free) struct buffer message = BUFFER_INIT;
	unsigned uid = 0;
	bool news;

	if (!imap_select(session, "INBOX") && !imap_search(session, "id", &uid, &news) &&
	    !imap_fetch(session, uid, &message) && message.size == 0)
		abort();
	(void)!imap_idle(session, clock_now_ms());
	(void)!imap_expunge_all(session);
}

static void talk_pop3(struct session *session)
{
	_cleanup_(buffer_free) struct buffer message = BUFFER_INIT;
	unsigned number;

	if (!pop3_find(session, "id", &number) && number)
		(void)!pop3_retrieve(session, number, &message);
}

static void talk_managesieve(struct session *session)
{
	(void)!managesieve_check_script(session, "keep;");
}

static void talk_http(struct session *session)
{
	_cleanup_(http_answer_clear) struct http_answer answer = HTTP_ANSWER_INIT;

	if (!http_get(session, "a.example", "/", &answer) &&
	    (answer.status < 100 || answer.body.size > HTTP_BODY))
		abort();
}

static void talk(unsigned choice, const uint8_t *data, size_t size)
{
	static const struct {
		const struct protocol *protocol;
		void (*talk)(struct session *session);
	} protocols[] = {
	    {&smtp_protocol, talk_smtp}, {&imap_protocol, talk_imap},
	    {&pop3_protocol, talk_pop3}, {&managesieve_protocol, talk_managesieve},
	    {&http_protocol, talk_http},
	};
	unsigned which = choice & 128 ? 4 : choice % 4;
	struct stream_params params = {.deadline_ms = clock_now_ms() + DEADLINE_MS};
	_cleanup_(session_free) struct session session = SESSION_INIT;
	int ends[2];

	session.protocol = protocols[which].protocol;
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0 ||
	    stream_adopt(&session.stream, ends[0], &params))
		abort();
	if (send(ends[1], data, size, MSG_DONTWAIT) != (ssize_t)size)
		abort();
	shutdown(ends[1], SHUT_WR);
	(void)!session.protocol->greet(&session);
	(void)!session_authenticate(&session, choice & 4 ? MECHANISM_PLAIN : MECHANISM_LOGIN, "me",
				    "secret");
	protocols[which].talk(&session);
	if (session.stream.failure.class == FAILURE_TIMEOUT)
		abort(); /* the end was there to be seen */
	close(ends[1]);
}

static void parse(const uint8_t *data, size_t size)
{
	_cleanup_(failure_clear) struct failure failure = FAILURE_INIT;
	_cleanup_(buffer_free) struct buffer answer = BUFFER_INIT;
	_cleanup_free_ char *text = strndup((const char *)data, size);
	const char *line = text;

	(void)!dns_parse(data, size, ns_t_txt, &answer, &failure);
	(void)!dns_parse(data, size, ns_t_a, &answer, &failure);
	if (signatures_parse_header((const char *)data, size) < 0)
		abort();
	for (char *string; (string = managesieve_take_string(&line)); free(string))
		if (strlen(string) > strlen(text))
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	signal(SIGPIPE, SIG_IGN);
	if (size == 0 || size > SERVER_LIMIT)
		return 0;
	if (data[0] & 8)
		parse(data + 1, size - 1);
	else if (size > 1)
		talk(data[0], data + 1, size - 1);
	return 0;
}
