// SPDX-License-Identifier: GPL-3.0-or-later
#include "test.h"

#include "net/managesieve.h"
#include "net/pop3.h"
#include "probe_server.h"

static enum failure_class open_session(struct session *session, struct server *server,
				       const struct protocol *protocol, const struct step *steps)
{
	struct session_params params;

	server_start(server, steps, NULL);
	params = server_session(server, protocol);
	return session_open(session, &params);
}

static void close_session(struct session *session, struct server *server)
{
	stream_close(&session->stream);
	server_finish(server);
}

static void parses_status_lines(void **state _unused_)
{
	static const struct {
		const char *line;
		enum failure_class class;
	} cases[] = {
	    {"+OK", FAILURE_NONE},
	    {"+OK ready", FAILURE_NONE},
	    {"-ERR", FAILURE_CONTENT},
	    {"-ERR [AUTH] no", FAILURE_CONTENT},
	    {"-ERR [SYS/TEMP] later", FAILURE_RESOURCE},
	    {"-ERR [IN-USE] locked", FAILURE_RESOURCE},
	    {"+OKAY", FAILURE_PROTOCOL},
	    {"+ ", FAILURE_PROTOCOL},
	    {"", FAILURE_PROTOCOL},
	    {"* OK", FAILURE_PROTOCOL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(pop3_parse_status(cases[i].line), cases[i].class);
}

#define POP3_GREETING(capabilities)                                                                \
	SAY("+OK ready\r\n"), EXPECT("CAPA\r\n"), SAY("+OK\r\n" capabilities ".\r\n")

static void reads_capabilities(void **state _unused_)
{
	static const struct step all[] = {
	    POP3_GREETING("TOP\r\nUSER\r\nSASL LOGIN PLAIN\r\nSTLS\r\n"), END};
	static const struct step none[] = {POP3_GREETING("SASL\r\nUSERS\r\nX SASL PLAIN\r\n"), END};
	static const struct step endless[] = {SAY("+OK\r\n"), READ_LINE, SAY("+OK\r\nTOP\r\n"),
					      END};
	_cleanup_(session_free) struct session first = SESSION_INIT, second = SESSION_INIT,
					       third = SESSION_INIT;
	struct server server;

	assert_int_equal(open_session(&first, &server, &pop3_protocol, all), FAILURE_NONE);
	assert_int_equal(first.capabilities,
			 CAPABILITY_STARTTLS | CAPABILITY_AUTH_LOGIN | CAPABILITY_AUTH_PLAIN);
	close_session(&first, &server);
	assert_int_equal(open_session(&second, &server, &pop3_protocol, none), FAILURE_NONE);
	assert_int_equal(second.capabilities, 0);
	close_session(&second, &server);
	assert_int_equal(open_session(&third, &server, &pop3_protocol, endless), FAILURE_CLOSED);
	close_session(&third, &server);
}

static enum failure_class try_login(const struct protocol *protocol, const struct step *steps,
				    enum mechanism mechanism)
{
	_cleanup_(session_free) struct session session = SESSION_INIT;
	enum failure_class failure;
	struct server server;

	assert_int_equal(open_session(&session, &server, protocol, steps), FAILURE_NONE);
	failure = session_authenticate(&session, mechanism, "me", "secret");
	close_session(&session, &server);
	return failure;
}

static void pop3_logs_in(void **state _unused_)
{
	static const struct step login[] = {
	    POP3_GREETING(""),	       EXPECT("USER me\r\n"),	  SAY("+OK\r\n"),
	    EXPECT("PASS secret\r\n"), SAY("+OK Logged in.\r\n"), END};
	static const struct step plain[] = {POP3_GREETING(""),
					    EXPECT("AUTH PLAIN\r\n"),
					    SAY("+ \r\n"),
					    EXPECT("AG1lAHNlY3JldA==\r\n"),
					    SAY("+OK Logged in.\r\n"),
					    END};
	static const struct step refused[] = {
	    POP3_GREETING(""), READ_LINE,
	    SAY("-ERR [AUTH] Cleartext authentication disallowed\r\n"), END};
	static const struct step early[] = {POP3_GREETING(""), READ_LINE, SAY("+OK in\r\n"), END};

	assert_int_equal(try_login(&pop3_protocol, login, MECHANISM_LOGIN), FAILURE_NONE);
	assert_int_equal(try_login(&pop3_protocol, plain, MECHANISM_PLAIN), FAILURE_NONE);
	assert_int_equal(try_login(&pop3_protocol, refused, MECHANISM_LOGIN),
			 FAILURE_AUTHENTICATION);
	assert_int_equal(try_login(&pop3_protocol, refused, MECHANISM_PLAIN),
			 FAILURE_AUTHENTICATION);
	assert_int_equal(try_login(&pop3_protocol, early, MECHANISM_PLAIN), FAILURE_PROTOCOL);
}

static void finds_and_retrieves_a_message(void **state _unused_)
{
	static const struct step steps[] = {
	    POP3_GREETING(""),
	    EXPECT("STAT\r\n"),
	    SAY("+OK 2 1234\r\n"),
	    EXPECT("TOP 2 0\r\n"),
	    SAY("+OK\r\nMessage-ID: <other@x>\r\n\r\n.\r\n"),
	    EXPECT("TOP 1 0\r\n"),
	    SAY("+OK\r\nMessage-ID: <mine@x>\r\n\r\n.\r\n"),
	    EXPECT("RETR 1\r\n"),
	    SAY("+OK\r\nA: b\r\n\r\n..dot\r\n..\r\n...\r\n\r\n.\r\n"),
	    EXPECT("STAT\r\n"),
	    SAY("+OK 0 0\r\n"),
	    END};
	_cleanup_(buffer_free) struct buffer message = BUFFER_INIT;
	_cleanup_(session_free) struct session session = SESSION_INIT;
	struct server server;
	unsigned number = 0;

	assert_int_equal(open_session(&session, &server, &pop3_protocol, steps), FAILURE_NONE);
	assert_int_equal(pop3_find(&session, "mine@x", &number), FAILURE_NONE);
	assert_int_equal(number, 1);
	assert_int_equal(pop3_retrieve(&session, number, &message), FAILURE_NONE);
	assert_string_equal(buffer_text(&message), "A: b\r\n\r\n.dot\r\n.\r\n..\r\n\r\n");
	assert_int_equal(pop3_find(&session, "mine@x", &number), FAILURE_NONE);
	assert_int_equal(number, 0);
	close_session(&session, &server);
}

static enum failure_class try_count(const struct step *steps)
{
	_cleanup_(session_free) struct session session = SESSION_INIT;
	enum failure_class failure;
	struct server server;
	unsigned count;

	assert_int_equal(open_session(&session, &server, &pop3_protocol, steps), FAILURE_NONE);
	failure = pop3_count(&session, &count);
	close_session(&session, &server);
	return failure;
}

static void does_not_believe_every_count(void **state _unused_)
{
	static const struct step many[] = {POP3_GREETING(""), READ_LINE,
					   SAY("+OK 99999999999999999999 1\r\n"), END};
	static const struct step none[] = {POP3_GREETING(""), READ_LINE, SAY("+OK\r\n"), END};
	static const struct step negative[] = {POP3_GREETING(""), READ_LINE, SAY("+OK -1 0\r\n"),
					       END};

	assert_int_equal(try_count(many), FAILURE_CONTENT);
	assert_int_equal(try_count(none), FAILURE_PROTOCOL);
	assert_int_equal(try_count(negative), FAILURE_PROTOCOL);
}

static void takes_quoted_strings(void **state _unused_)
{
	static const struct {
		const char *line;
		const char *first; /* NULL: none */
		const char *rest;
	} cases[] = {
	    {"\"SASL\" \"PLAIN\"", "SASL", " \"PLAIN\""},
	    {"  \"a\\\"b\\\\c\"x", "a\"b\\c", "x"},
	    {"\"\"", "", ""},
	    {"\"open", NULL, "\"open"},
	    {"\"open\\", NULL, "\"open\\"},
	    {"\"open\\\"", NULL, "\"open\\\""},
	    {"word", NULL, "word"},
	    {"", NULL, ""},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *line = cases[i].line;
		_cleanup_free_ char *text = managesieve_take_string(&line);

		if (cases[i].first)
			assert_string_equal(text, cases[i].first);
		else
			assert_null(text);
		assert_string_equal(line, cases[i].rest);
	}
}

#define SIEVE_GREETING                                                                             \
	SAY("\"IMPLEMENTATION\" \"ready\"\r\n\"SIEVE\" \"fileinto vacation\"\r\n"                  \
	    "\"SASL\" \"PLAIN LOGIN\"\r\n\"STARTTLS\"\r\n\"VERSION\" \"1.0\"\r\nOK \"ready\"\r\n")

static enum failure_class try_greeting(const struct step *steps, unsigned *ret_capabilities)
{
	_cleanup_(session_free) struct session session = SESSION_INIT;
	enum failure_class failure;
	struct server server;

	failure = open_session(&session, &server, &managesieve_protocol, steps);
	*ret_capabilities = session.capabilities;
	close_session(&session, &server);
	return failure;
}

static void managesieve_reads_capabilities(void **state _unused_)
{
	static const struct step all[] = {SIEVE_GREETING, END};
	static const struct step none[] = {SAY("\"SASL\" \"\"\r\n\"STARTTLSX\"\r\nOK\r\n"), END};
	static const struct step pop3[] = {SAY("+OK ready\r\n"), END};
	static const struct step bye[] = {SAY("BYE \"too many\"\r\n"), END};
	static const struct step later[] = {SAY("NO (TRYLATER) {5}\r\nlater\r\n"), END};
	unsigned capabilities;

	assert_int_equal(try_greeting(all, &capabilities), FAILURE_NONE);
	assert_int_equal(capabilities,
			 CAPABILITY_STARTTLS | CAPABILITY_AUTH_LOGIN | CAPABILITY_AUTH_PLAIN);
	assert_int_equal(try_greeting(none, &capabilities), FAILURE_NONE);
	assert_int_equal(capabilities, 0);
	assert_int_equal(try_greeting(pop3, &capabilities), FAILURE_PROTOCOL);
	assert_int_equal(try_greeting(bye, &capabilities), FAILURE_CLOSED);
	assert_int_equal(try_greeting(later, &capabilities), FAILURE_RESOURCE);
}

static void managesieve_logs_in_and_checks_a_script(void **state _unused_)
{
	static const struct step steps[] = {
	    SIEVE_GREETING,
	    EXPECT("AUTHENTICATE \"PLAIN\" \"AG1lAHNlY3JldA==\"\r\n"),
	    SAY("OK \"Logged in.\"\r\n"),
	    EXPECT("CHECKSCRIPT {5+}\r\nkeep;\r\n"),
	    SAY("OK\r\n"),
	    EXPECT("CHECKSCRIPT {4+}\r\nevil\r\n"),
	    SAY("NO {14}\r\nline 1: error.\r\n"),
	    END};
	static const struct step refused[] = {SIEVE_GREETING, READ_LINE,
					      SAY("NO \"Authentication failed.\"\r\n"), END};
	static const struct step strange[] = {SIEVE_GREETING, READ_LINE,
					      SAY("NO \"Invalid base64 data\"\r\n"), END};
	_cleanup_(session_free) struct session session = SESSION_INIT;
	struct server server;

	assert_int_equal(open_session(&session, &server, &managesieve_protocol, steps),
			 FAILURE_NONE);
	assert_int_equal(session_authenticate(&session, MECHANISM_PLAIN, "me", "secret"),
			 FAILURE_NONE);
	assert_int_equal(managesieve_check_script(&session, "keep;"), FAILURE_NONE);
	assert_int_equal(managesieve_check_script(&session, "evil"), FAILURE_CONTENT);
	assert_non_null(strstr(failure_text(&session.stream.failure), "line 1: error."));
	close_session(&session, &server);
	assert_int_equal(try_login(&managesieve_protocol, refused, MECHANISM_PLAIN),
			 FAILURE_AUTHENTICATION);
	/* Refused, but not for the password: a probe must not take it for that. */
	assert_int_equal(try_login(&managesieve_protocol, strange, MECHANISM_PLAIN),
			 FAILURE_POLICY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(parses_status_lines),
	    cmocka_unit_test(reads_capabilities),
	    cmocka_unit_test(pop3_logs_in),
	    cmocka_unit_test(finds_and_retrieves_a_message),
	    cmocka_unit_test(does_not_believe_every_count),
	    cmocka_unit_test(takes_quoted_strings),
	    cmocka_unit_test(managesieve_reads_capabilities),
	    cmocka_unit_test(managesieve_logs_in_and_checks_a_script),
	};

	return cmocka_run_group_tests_name("probe pop3 and managesieve", tests, NULL, NULL);
}
