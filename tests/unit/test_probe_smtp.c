// SPDX-License-Identifier: GPL-3.0-or-later
#include "test.h"

#include "net/smtp.h"
#include "probe_server.h"

/* Opens a session in the clear with a server that plays `steps`. */
static enum failure_class open_session(struct session *session, struct server *server,
				       const struct step *steps)
{
	struct session_params params;

	server_start(server, steps, NULL);
	params = server_session(server, &smtp_protocol);
	return session_open(session, &params);
}

static void parses_reply_lines(void **state _unused_)
{
	static const struct {
		const char *line;
		int code; /* 0: no reply line */
		bool more;
	} cases[] = {
	    {"250 ok", 250, false},	  {"250-first", 250, true}, {"250", 250, false},
	    {"250 ", 250, false},	  {"250-", 250, true},	    {"354 go", 354, false},
	    {"550 5.1.1 no", 550, false}, {"", 0, false},	    {"25", 0, false},
	    {"2500 ok", 0, false},	  {"150 ok", 0, false},	    {"650 ok", 0, false},
	    {"2a0 ok", 0, false},	  {"250_ok", 0, false},	    {" 250 ok", 0, false},
	    {"* OK", 0, false},		  {"-250 ok", 0, false},    {"25\x80 ok", 0, false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		bool more = false;
		int code = 0;

		smtp_parse_reply_line(cases[i].line, strlen(cases[i].line), &code, &more);
		assert_int_equal(code, cases[i].code);
		assert_int_equal(more, cases[i].more);
	}
}

static void doubles_dots(void **state _unused_)
{
	static const struct {
		const char *message;
		const char *wire;
	} cases[] = {
	    {"", ".\r\n"},
	    {".", "..\r\n.\r\n"},
	    {".\r\n", "..\r\n.\r\n"},
	    {"a\r\n.b\r\n..\r\nc.d\r\n", "a\r\n..b\r\n...\r\nc.d\r\n.\r\n"},
	    {"no end", "no end\r\n.\r\n"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(buffer_free) struct buffer wire = BUFFER_INIT;

		smtp_stuff(cases[i].message, strlen(cases[i].message), &wire);
		assert_string_equal(buffer_text(&wire), cases[i].wire);
	}
}

/* The same however the message is cut into pieces. */
static void doubles_dots_in_pieces(void **state _unused_)
{
	static const char message[] = ".\n..\n\na.b\r\n.", wire[] = "..\r\n...\r\n\r\na.b\r\r\n..";
	size_t size = strlen(message);

	for (size_t cut = 0; cut <= size; cut++) {
		_cleanup_(buffer_free) struct buffer output = BUFFER_INIT;
		bool at_start = true;

		smtp_stuff_lines(message, cut, &at_start, &output);
		smtp_stuff_lines(message + cut, size - cut, &at_start, &output);
		assert_string_equal(buffer_text(&output), wire);
		assert_false(at_start);
	}
}

static void reads_greeting_and_capabilities(void **state _unused_)
{
	static const struct step steps[] = {
	    SAY("220-mail.example.org ESMTP\r\n220 be patient\r\n"),
	    EXPECT("EHLO selftest.invalid\r\n"),
	    SAY("250-mail.example.org\r\n250-PIPELINING\r\n250-size 26214400\r\n250-StartTLS\r\n"
		"250-AUTH GSSAPI LOGIN\r\n250-XPLAIN\r\n250 8BITMIME\r\n"),
	    EXPECT("QUIT\r\n"),
	    SAY("221 bye\r\n"),
	    END};
	_cleanup_(session_free) struct session session = SESSION_INIT;
	struct server server;

	assert_int_equal(open_session(&session, &server, steps), FAILURE_NONE);
	assert_string_equal(session.greeting, "mail.example.org ESMTP\nbe patient");
	assert_int_equal(session.capabilities, CAPABILITY_SIZE | CAPABILITY_STARTTLS |
						   CAPABILITY_AUTH_LOGIN | CAPABILITY_8BITMIME);
	assert_int_equal(session.state, SESSION_READY);
	session_close(&session);
	server_finish(&server);
}

static void expect_no_session(const struct step *steps, enum failure_class wanted,
			      const char *words)
{
	_cleanup_(session_free) struct session session = SESSION_INIT;
	struct server server;

	assert_int_equal(open_session(&session, &server, steps), wanted);
	assert_non_null(strstr(failure_text(&session.stream.failure), words));
	session_close(&session);
	server_finish(&server);
}

#define GREETING SAY("220 mail.example.org\r\n"), READ_LINE

static void gives_up_on_what_is_no_smtp(void **state _unused_)
{
	static const char many[] = "250-line\r\n250-line\r\n250-line\r\n250-line\r\n250-line\r\n"
				   "250-line\r\n250-line\r\n250-line\r\n250-line\r\n250-line\r\n"
				   "250-line\r\n";
	static const struct step imap[] = {SAY("* OK IMAP4rev1\r\n"), END};
	static const struct step busy[] = {SAY("421 4.3.2 too busy\r\n"), END};
	static const struct step refused[] = {SAY("554 5.7.1 no\r\n"), END};
	static const struct step two_codes[] = {GREETING, SAY("250-a\r\n251 b\r\n"), END};
	static const struct step endless[] = {GREETING,	 SAY(many), SAY(many), SAY(many),
					      SAY(many), SAY(many), SAY(many), SAY(many),
					      SAY(many), SAY(many), SAY(many), END};
	static const struct step cut[] = {GREETING, SAY("250-first\r\n"), END};
	static const struct step early[] = {SAY("250 ok\r\n"), END};

	expect_no_session(imap, FAILURE_PROTOCOL, "greeting: '* OK IMAP4rev1' is no SMTP reply");
	expect_no_session(busy, FAILURE_RESOURCE, "421");
	expect_no_session(refused, FAILURE_POLICY, "554");
	expect_no_session(two_codes, FAILURE_PROTOCOL, "two codes");
	expect_no_session(endless, FAILURE_PROTOCOL, "more than 100 lines");
	expect_no_session(cut, FAILURE_CLOSED, "closed");
	expect_no_session(early, FAILURE_PROTOCOL, "250");
}

static enum failure_class try_login(const struct step *steps, enum mechanism mechanism)
{
	_cleanup_(session_free) struct session session = SESSION_INIT;
	enum failure_class failure;
	struct server server;

	assert_int_equal(open_session(&session, &server, steps), FAILURE_NONE);
	failure = session_authenticate(&session, mechanism, "me", "secret");
	stream_close(&session.stream);
	server_finish(&server);
	return failure;
}

static void logs_in_by_plain_and_login(void **state _unused_)
{
	static const struct step plain[] = {GREETING, SAY("250 a\r\n"),
					    EXPECT("AUTH PLAIN AG1lAHNlY3JldA==\r\n"),
					    SAY("235 2.7.0 welcome\r\n"), END};
	static const struct step login[] = {GREETING,
					    SAY("250 a\r\n"),
					    EXPECT("AUTH LOGIN\r\n"),
					    SAY("334 VXNlcm5hbWU6\r\n"),
					    EXPECT("bWU=\r\n"),
					    SAY("334 UGFzc3dvcmQ6\r\n"),
					    EXPECT("c2VjcmV0\r\n"),
					    SAY("235 2.7.0 welcome\r\n"),
					    END};

	assert_int_equal(try_login(plain, MECHANISM_PLAIN), FAILURE_NONE);
	assert_int_equal(try_login(login, MECHANISM_LOGIN), FAILURE_NONE);
}

static void tells_refused_logins_from_broken_ones(void **state _unused_)
{
	static const struct step refused[] = {GREETING, SAY("250 a\r\n"), READ_LINE,
					      SAY("535 5.7.8 no\r\n"), END};
	static const struct step no_tls[] = {GREETING, SAY("250 a\r\n"), READ_LINE,
					     SAY("530 5.7.0 Must issue STARTTLS first\r\n"), END};
	static const struct step broken[] = {GREETING, SAY("250 a\r\n"), READ_LINE,
					     SAY("454 4.7.0 no auth server\r\n"), END};
	static const struct step strange[] = {GREETING, SAY("250 a\r\n"), READ_LINE,
					      SAY("250 ok\r\n"), END};
	static const struct step gone[] = {GREETING, SAY("250 a\r\n"), READ_LINE, END};

	assert_int_equal(try_login(refused, MECHANISM_PLAIN), FAILURE_AUTHENTICATION);
	assert_int_equal(try_login(no_tls, MECHANISM_LOGIN), FAILURE_POLICY);
	assert_int_equal(try_login(broken, MECHANISM_PLAIN), FAILURE_RESOURCE);
	assert_int_equal(try_login(strange, MECHANISM_PLAIN), FAILURE_PROTOCOL);
	assert_int_equal(try_login(gone, MECHANISM_PLAIN), FAILURE_CLOSED);
}

static void sends_a_message(void **state _unused_)
{
	static const struct step steps[] = {GREETING,
					    SAY("250 a\r\n"),
					    EXPECT("MAIL FROM:<a@b> BODY=8BITMIME\r\n"),
					    SAY("250 2.1.0 Ok\r\n"),
					    EXPECT("RCPT TO:<c@d>\r\n"),
					    SAY("250 2.1.5 Ok\r\n"),
					    EXPECT("DATA\r\n"),
					    SAY("354 go\r\n"),
					    EXPECT("x\r\n..y\r\n.\r\n"),
					    SAY("250 2.0.0 Ok: queued as 4ABC\r\n"),
					    END};
	static const char message[] = "x\r\n.y\r\n";
	struct smtp_envelope envelope = {"a@b", "c@d", message, sizeof(message) - 1};
	_cleanup_(smtp_reply_free) struct smtp_reply reply = SMTP_REPLY_INIT;
	_cleanup_(session_free) struct session session = SESSION_INIT;
	struct server server;

	assert_int_equal(open_session(&session, &server, steps), FAILURE_NONE);
	assert_int_equal(smtp_send(&session, &envelope, &reply), FAILURE_NONE);
	assert_string_equal(buffer_text(&reply.text), "2.0.0 Ok: queued as 4ABC");
	stream_close(&session.stream);
	server_finish(&server);
}

static void says_at_which_step_a_message_was_refused(void **state _unused_)
{
	static const struct step steps[] = {GREETING,  SAY("250 a\r\n"),
					    READ_LINE, SAY("250 2.1.0 Ok\r\n"),
					    READ_LINE, SAY("452 4.3.1 disk full\r\n"),
					    END};
	struct smtp_envelope envelope = {"a@b", "c@d", "", 0};
	_cleanup_(smtp_reply_free) struct smtp_reply reply = SMTP_REPLY_INIT;
	_cleanup_(session_free) struct session session = SESSION_INIT;
	struct server server;

	assert_int_equal(open_session(&session, &server, steps), FAILURE_NONE);
	assert_int_equal(smtp_send(&session, &envelope, &reply), FAILURE_RESOURCE);
	assert_string_equal(failure_text(&session.stream.failure),
			    "RCPT TO was answered with 452 4.3.1 disk full");
	stream_close(&session.stream);
	server_finish(&server);
}

static enum failure_class try_starttls(const struct step *steps, struct failure *failure)
{
	struct identity authority = identity_make("authority", 10, NULL);
	struct identity identity = identity_make("mail.example.org", 5, &authority);
	SSL_CTX *context = identity_context(&identity);
	_cleanup_free_ char *pem = identity_pem(&authority);
	struct tls_params tls = {.hostname = "mail.example.org", .chain = pem};
	_cleanup_(session_free) struct session session = SESSION_INIT;
	struct tls_client *client = NULL;
	struct session_params params;
	enum failure_class class;
	struct server server;

	assert_int_equal(tls_client_new(&tls, &client, failure), FAILURE_NONE);
	server_start(&server, steps, context);
	params = server_session(&server, &smtp_protocol);
	params.security = SECURITY_TLS;
	params.tls = client;
	class = session_open(&session, &params);
	if (!class)
		assert_int_equal(session.capabilities, CAPABILITY_AUTH_PLAIN);
	failure_move(failure, &session.stream.failure);
	stream_close(&session.stream);
	server_finish(&server);
	tls_client_free(client);
	SSL_CTX_free(context);
	identity_free(&identity);
	identity_free(&authority);
	return class;
}

static void forgets_what_was_offered_before_tls(void **state _unused_)
{
	static const struct step good[] = {GREETING,
					   SAY("250-a\r\n250-STARTTLS\r\n250 8BITMIME\r\n"),
					   EXPECT("STARTTLS\r\n"),
					   SAY("220 2.0.0 Ready\r\n"),
					   START_TLS,
					   EXPECT("EHLO selftest.invalid\r\n"),
					   SAY("250-a\r\n250 AUTH PLAIN\r\n"),
					   END};
	_cleanup_(failure_clear) struct failure failure = FAILURE_INIT;

	assert_int_equal(try_starttls(good, &failure), FAILURE_NONE);
}

static void refuses_what_was_slipped_in_before_tls(void **state _unused_)
{
	static const struct step injected[] = {
	    GREETING,  SAY("250-a\r\n250 STARTTLS\r\n"),
	    READ_LINE, SAY("220 Ready\r\n250-a\r\n250 AUTH PLAIN\r\n"),
	    SILENCE,   END};
	static const struct step not_offered[] = {GREETING, SAY("250 a\r\n"), SILENCE, END};
	static const struct step not_ready[] = {GREETING, SAY("250-a\r\n250 STARTTLS\r\n"),
						READ_LINE, SAY("454 4.7.0 no\r\n"), END};
	_cleanup_(failure_clear) struct failure failure = FAILURE_INIT;

	assert_int_equal(try_starttls(injected, &failure), FAILURE_PROTOCOL);
	assert_non_null(strstr(failure_text(&failure), "spoke between"));
	assert_int_equal(try_starttls(not_offered, &failure), FAILURE_PROTOCOL);
	assert_string_equal(failure_text(&failure), "STARTTLS: the server does not offer it");
	assert_int_equal(try_starttls(not_ready, &failure), FAILURE_RESOURCE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(parses_reply_lines),
	    cmocka_unit_test(doubles_dots),
	    cmocka_unit_test(doubles_dots_in_pieces),
	    cmocka_unit_test(reads_greeting_and_capabilities),
	    cmocka_unit_test(gives_up_on_what_is_no_smtp),
	    cmocka_unit_test(logs_in_by_plain_and_login),
	    cmocka_unit_test(tells_refused_logins_from_broken_ones),
	    cmocka_unit_test(sends_a_message),
	    cmocka_unit_test(says_at_which_step_a_message_was_refused),
	    cmocka_unit_test(forgets_what_was_offered_before_tls),
	    cmocka_unit_test(refuses_what_was_slipped_in_before_tls),
	};

	return cmocka_run_group_tests_name("probe smtp", tests, NULL, NULL);
}
