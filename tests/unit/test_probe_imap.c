// SPDX-License-Identifier: GPL-3.0-or-later
#include "test.h"

#include "net/imap.h"
#include "probe/mailbox.h"
#include "probe_server.h"

#define GREETING SAY("* OK [CAPABILITY IMAP4rev1 IDLE AUTH=PLAIN LOGINDISABLED] ready\r\n")

static void open_session(struct session *session, struct server *server, const struct step *steps)
{
	struct session_params params;

	server_start(server, steps, NULL);
	params = server_session(server, &imap_protocol);
	assert_int_equal(session_open(session, &params), FAILURE_NONE);
}

static void close_session(struct session *session, struct server *server)
{
	stream_close(&session->stream);
	server_finish(server);
}

static void parses_literal_sizes(void **state _unused_)
{
	static const struct {
		const char *line;
		long size; /* -1: no literal */
	} cases[] = {
	    {"* 1 FETCH (BODY[] {12}", 12},
	    {"{0}", 0},
	    {"{999999999}", 999999999},
	    {"{1000000000}", -1},
	    {"{}", -1},
	    {"12}", -1},
	    {"{12} ", -1},
	    {"{-1}", -1},
	    {"{12+}", -1},
	    {"{ 12}", -1},
	    {"}", -1},
	    {"", -1},
	    {"{99999999999999999999}", -1},
	    {"{12}x{3}", 3},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t size = 0;
		bool found = imap_parse_literal(cases[i].line, strlen(cases[i].line), &size);

		assert_int_equal(found, cases[i].size >= 0);
		if (found)
			assert_int_equal(size, cases[i].size);
	}
}

static void parses_search_results(void **state _unused_)
{
	static const struct {
		const char *line;
		bool found;
		unsigned uid;
	} cases[] = {
	    {"* SEARCH", true, 0},
	    {"* SEARCH 7", true, 7},
	    {"* search 7 8 4294967295", true, 4294967295u},
	    {"* SEARCH ", true, 0},
	    {"* SEARCH 4294967296", false, 0},
	    {"* SEARCH 0", false, 0},
	    {"* SEARCH -1", false, 0},
	    {"* SEARCH 7,8", false, 0},
	    {"* SEARCHING", false, 0},
	    {"* 1 EXISTS", false, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		unsigned uid = 0;

		assert_int_equal(imap_parse_search(cases[i].line, &uid), cases[i].found);
		assert_int_equal(uid, cases[i].uid);
	}
}

static void keeps_literals_in_their_place(void **state _unused_)
{
	static const struct step steps[] = {
	    GREETING, SAY("* 1 FETCH (FLAGS () BODY[] {10}\r\na\r\nb {3}\r\n X {2}\r\n{}) end\r\n"),
	    END};
	_cleanup_(imap_response_free) struct imap_response response = IMAP_RESPONSE_INIT;
	_cleanup_(session_free) struct session session = SESSION_INIT;
	struct server server;

	open_session(&session, &server, steps);
	assert_int_equal(imap_read_response(&session, &response), FAILURE_NONE);
	assert_string_equal(buffer_text(&response.text),
			    "* 1 FETCH (FLAGS () BODY[] a\r\nb {3}\r\n X {}) end");
	assert_int_equal(response.literals, 2);
	assert_int_equal(response.literal_size, 10);
	assert_memory_equal(response.text.data + response.literal_at, "a\r\nb {3}\r\n", 10);
	close_session(&session, &server);
}

static enum failure_class read_response(const struct step *steps)
{
	_cleanup_(imap_response_free) struct imap_response response = IMAP_RESPONSE_INIT;
	_cleanup_(session_free) struct session session = SESSION_INIT;
	enum failure_class failure;
	struct server server;

	open_session(&session, &server, steps);
	session.stream.deadline_ms = clock_now_ms() + 200;
	failure = imap_read_response(&session, &response);
	close_session(&session, &server);
	return failure;
}

static void refuses_bad_literals(void **state _unused_)
{
	static const char many[] = "{0}\r\n{0}\r\n{0}\r\n{0}\r\n{0}\r\n{0}\r\n{0}\r\n{0}\r\n{0}\r\n"
				   "{0}\r\n{0}\r\n";
	static const struct step huge[] = {GREETING, SAY("* 1 FETCH ({999999999}\r\n"), SILENCE,
					   END};
	static const struct step cut[] = {GREETING, SAY("* 1 FETCH ({20}\r\nshort"), END};
	static const struct step unfinished[] = {GREETING, SAY("* 1 FETCH ({2}\r\nab"), SILENCE,
						 END};
	static const struct step endless[] = {GREETING,	 SAY(many), SAY(many), SAY(many),
					      SAY(many), SAY(many), SAY(many), SAY(many),
					      SAY(many), SAY(many), SAY(many), END};

	assert_int_equal(read_response(huge), FAILURE_PROTOCOL);
	assert_int_equal(read_response(cut), FAILURE_CLOSED);
	assert_int_equal(read_response(unfinished), FAILURE_TIMEOUT);
	assert_int_equal(read_response(endless), FAILURE_PROTOCOL);
}

static enum failure_class try_login(const struct step *steps, enum mechanism mechanism)
{
	_cleanup_(session_free) struct session session = SESSION_INIT;
	enum failure_class failure;
	struct server server;

	open_session(&session, &server, steps);
	session.capabilities |= CAPABILITY_IDLE; /* no question for them after the login */
	failure = session_authenticate(&session, mechanism, "me", "a\"b\\c");
	close_session(&session, &server);
	return failure;
}

static void logs_in(void **state _unused_)
{
	static const struct step login[] = {GREETING, EXPECT("A1 LOGIN \"me\" \"a\\\"b\\\\c\"\r\n"),
					    SAY("* CAPABILITY IDLE\r\nA1 OK in\r\n"), END};
	static const struct step plain[] = {GREETING,
					    EXPECT("A1 AUTHENTICATE PLAIN\r\n"),
					    SAY("+ \r\n"),
					    EXPECT("AG1lAGEiYlxj\r\n"),
					    SAY("A1 OK [CAPABILITY IDLE] in\r\n"),
					    END};
	static const struct step refused[] = {
	    GREETING, READ_LINE, SAY("A1 NO [AUTHENTICATIONFAILED] Authentication failed.\r\n"),
	    END};
	static const struct step private[] = {
	    GREETING, READ_LINE, SAY("A1 NO [PRIVACYREQUIRED] Cleartext disallowed.\r\n"), END};
	static const struct step unavailable[] = {
	    GREETING, READ_LINE, SAY("A1 NO [UNAVAILABLE] Temporary failure.\r\n"), END};
	static const struct step early[] = {GREETING, READ_LINE, SAY("A1 OK in\r\n"), END};
	static const struct step bye[] = {GREETING, READ_LINE, SAY("* BYE too many\r\n"), END};

	assert_int_equal(try_login(login, MECHANISM_LOGIN), FAILURE_NONE);
	assert_int_equal(try_login(plain, MECHANISM_PLAIN), FAILURE_NONE);
	assert_int_equal(try_login(refused, MECHANISM_LOGIN), FAILURE_AUTHENTICATION);
	assert_int_equal(try_login(private, MECHANISM_LOGIN), FAILURE_POLICY);
	assert_int_equal(try_login(unavailable, MECHANISM_LOGIN), FAILURE_RESOURCE);
	assert_int_equal(try_login(early, MECHANISM_PLAIN), FAILURE_PROTOCOL);
	assert_int_equal(try_login(bye, MECHANISM_LOGIN), FAILURE_CLOSED);
}

static void greeting_must_be_imap(void **state _unused_)
{
	static const struct step steps[] = {SAY("220 mail.example.org ESMTP\r\n"), END};
	static const struct step asked[] = {SAY("* OK ready\r\n"), EXPECT("A1 CAPABILITY\r\n"),
					    SAY("* CAPABILITY IMAP4rev1 STARTTLS\r\nA1 OK\r\n"),
					    END};
	_cleanup_(session_free) struct session session = SESSION_INIT, second = SESSION_INIT;
	struct session_params params;
	struct server server;

	server_start(&server, steps, NULL);
	params = server_session(&server, &imap_protocol);
	assert_int_equal(session_open(&session, &params), FAILURE_PROTOCOL);
	close_session(&session, &server);
	open_session(&second, &server, asked);
	assert_int_equal(second.capabilities, CAPABILITY_STARTTLS);
	close_session(&second, &server);
}

static void finds_and_fetches_a_message(void **state _unused_)
{
	static const struct step steps[] = {
	    GREETING,
	    EXPECT("A1 SELECT \"INBOX\"\r\n"),
	    SAY("* 2 EXISTS\r\n* OK [UIDVALIDITY 1] ok\r\nA1 OK [READ-WRITE] done\r\n"),
	    EXPECT("A2 UID SEARCH HEADER Message-ID \"id@host\"\r\n"),
	    SAY("* 3 EXISTS\r\n* SEARCH 41 42\r\nA2 OK done\r\n"),
	    EXPECT("A3 UID FETCH 42 (BODY.PEEK[])\r\n"),
	    SAY("* 2 FETCH (UID 42 BODY[] {12}\r\nA3 OK no\r\n\r\n)\r\nA3 OK done\r\n"),
	    EXPECT("A4 UID STORE 1:* +FLAGS.SILENT (\\Deleted)\r\n"),
	    SAY("A4 OK done\r\n"),
	    EXPECT("A5 EXPUNGE\r\n"),
	    SAY("* 1 EXPUNGE\r\nA5 OK done\r\n"),
	    END};
	_cleanup_(buffer_free) struct buffer message = BUFFER_INIT;
	_cleanup_(session_free) struct session session = SESSION_INIT;
	struct server server;
	unsigned uid = 0;
	bool news = false;

	open_session(&session, &server, steps);
	assert_int_equal(imap_select(&session, "INBOX"), FAILURE_NONE);
	assert_int_equal(imap_search(&session, "id@host", &uid, &news), FAILURE_NONE);
	assert_int_equal(uid, 42);
	assert_true(news);
	assert_int_equal(imap_fetch(&session, uid, &message), FAILURE_NONE);
	assert_string_equal(buffer_text(&message), "A3 OK no\r\n\r\n");
	assert_int_equal(imap_expunge_all(&session), FAILURE_NONE);
	close_session(&session, &server);
}

static void idles_until_a_message_or_the_deadline(void **state _unused_)
{
	static const struct step steps[] = {GREETING,
					    EXPECT("A1 IDLE\r\n"),
					    SAY("+ idling\r\n* OK still here\r\n* 5 EXISTS\r\n"),
					    EXPECT("DONE\r\n"),
					    SAY("A1 OK done\r\n"),
					    EXPECT("A2 IDLE\r\n"),
					    SAY("+ idling\r\n* 1 RECENT\r\n"),
					    EXPECT("DONE\r\n"),
					    SAY("A2 OK done\r\n"),
					    EXPECT("A3 IDLE\r\n"),
					    SAY("+ idling\r\n* BYE going down\r\n"),
					    END};
	_cleanup_(session_free) struct session session = SESSION_INIT;
	struct server server;
	int64_t started;

	open_session(&session, &server, steps);
	assert_int_equal(imap_idle(&session, clock_now_ms() + 2000), FAILURE_NONE);
	started = clock_now_ms();
	assert_int_equal(imap_idle(&session, started + 150), FAILURE_NONE);
	assert_in_range(clock_now_ms() - started, 140, 1500);
	assert_int_equal(imap_idle(&session, clock_now_ms() + 2000), FAILURE_CLOSED);
	close_session(&session, &server);
}

static void begin_mailbox(struct mailbox *mailbox, struct server *server, const struct step *steps)
{
	struct session_params params;

	server_start(server, steps, NULL);
	params = server_session(server, &imap_protocol);
	mailbox_init(mailbox, &params, "user", "password");
}

static void the_mailbox_waits_by_idle(void **state _unused_)
{
	static const struct step steps[] = {
	    SAY("* OK [CAPABILITY IDLE] ready\r\n"),
	    EXPECT("A1 LOGIN \"user\" \"password\"\r\n"),
	    SAY("A1 OK [CAPABILITY IDLE] in\r\n"),
	    EXPECT("A2 SELECT \"INBOX\"\r\n"),
	    SAY("A2 OK\r\n"),
	    EXPECT("A3 UID SEARCH HEADER Message-ID \"id\"\r\n"),
	    SAY("* SEARCH\r\n* 1 EXISTS\r\nA3 OK\r\n"), /* news: no IDLE before a look */
	    EXPECT("A4 UID SEARCH HEADER Message-ID \"id\"\r\n"),
	    SAY("* SEARCH\r\nA4 OK\r\n"),
	    EXPECT("A5 IDLE\r\n"),
	    SAY("+ \r\n* 2 EXISTS\r\n"),
	    EXPECT("DONE\r\n"),
	    SAY("A5 OK\r\n"),
	    EXPECT("A6 UID SEARCH HEADER Message-ID \"id\"\r\n"),
	    SAY("* SEARCH 9\r\nA6 OK\r\n"),
	    EXPECT("A7 UID SEARCH HEADER Message-ID \"late\"\r\n"), /* once, however late */
	    SAY("* SEARCH\r\nA7 OK\r\n"),
	    EXPECT("A8 SELECT \"Spam\"\r\n"),
	    SAY("A8 NO [NONEXISTENT] no such mailbox\r\n"),
	    EXPECT("A9 SELECT \"INBOX\"\r\n"), /* the session goes on */
	    SAY("A9 OK\r\n"),
	    EXPECT("A10 UID STORE 1:* +FLAGS.SILENT (\\Deleted)\r\n"),
	    SAY("A10 OK\r\n"),
	    EXPECT("A11 EXPUNGE\r\n"),
	    SAY("A11 OK\r\n"),
	    EXPECT("A12 LOGOUT\r\n"),
	    END};
	_cleanup_(failure_clear) struct failure failure = FAILURE_INIT;
	struct mailbox mailbox;
	struct server server;

	begin_mailbox(&mailbox, &server, steps);
	assert_int_equal(mailbox_await(&mailbox, "INBOX", "id", clock_now_ms() + 2000, &failure),
			 FAILURE_NONE);
	assert_int_equal(mailbox_await(&mailbox, "INBOX", "late", 0, &failure), FAILURE_TIMEOUT);
	assert_int_equal(mailbox_await(&mailbox, "Spam", "id", 0, &failure), FAILURE_CONTENT);
	assert_int_equal(mailbox_clean(&mailbox, "INBOX", &failure), FAILURE_NONE);
	mailbox_free(&mailbox);
	server_finish(&server);
}

/* As Dovecot after a power cut: the session that meets a damaged index is refused the
 * folder to its end, and the next one finds it mended. */
static void the_mailbox_asks_again_in_a_new_session(void **state _unused_)
{
	static const struct step steps[] = {
	    SAY("* OK [CAPABILITY IDLE] ready\r\n"),
	    READ_LINE,
	    SAY("A1 OK [CAPABILITY IDLE] in\r\n"),
	    EXPECT("A2 SELECT \"Spam\"\r\n"),
	    SAY("A2 NO [SERVERBUG] Internal error occurred.\r\n"),
	    NEXT_CONNECTION,
	    SAY("* OK [CAPABILITY IDLE] ready\r\n"),
	    EXPECT("A1 LOGIN \"user\" \"password\"\r\n"),
	    SAY("A1 OK [CAPABILITY IDLE] in\r\n"),
	    EXPECT("A2 SELECT \"Spam\"\r\n"),
	    SAY("A2 OK\r\n"),
	    EXPECT("A3 UID SEARCH HEADER Message-ID \"id\"\r\n"),
	    SAY("* SEARCH 9\r\nA3 OK\r\n"),
	    EXPECT("A4 UID STORE 1:* +FLAGS.SILENT (\\Deleted)\r\n"),
	    SAY("A4 NO [SERVERBUG] Internal error occurred.\r\n"),
	    NEXT_CONNECTION,
	    SAY("* OK [CAPABILITY IDLE] ready\r\n"),
	    READ_LINE,
	    SAY("A1 OK [CAPABILITY IDLE] in\r\n"),
	    EXPECT("A2 SELECT \"Spam\"\r\n"),
	    SAY("A2 NO [SERVERBUG] Internal error occurred.\r\n"), /* twice: it is said */
	    END};
	_cleanup_(failure_clear) struct failure failure = FAILURE_INIT;
	struct mailbox mailbox;
	struct server server;

	begin_mailbox(&mailbox, &server, steps);
	assert_int_equal(mailbox_await(&mailbox, "Spam", "id", clock_now_ms() + 2000, &failure),
			 FAILURE_NONE);
	assert_int_equal(mailbox_clean(&mailbox, "Spam", &failure), FAILURE_RESOURCE);
	assert_non_null(strstr(failure_text(&failure), "[SERVERBUG]"));
	mailbox_free(&mailbox);
	server_finish(&server);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(parses_literal_sizes),
	    cmocka_unit_test(parses_search_results),
	    cmocka_unit_test(keeps_literals_in_their_place),
	    cmocka_unit_test(refuses_bad_literals),
	    cmocka_unit_test(logs_in),
	    cmocka_unit_test(greeting_must_be_imap),
	    cmocka_unit_test(finds_and_fetches_a_message),
	    cmocka_unit_test(idles_until_a_message_or_the_deadline),
	    cmocka_unit_test(the_mailbox_waits_by_idle),
	    cmocka_unit_test(the_mailbox_asks_again_in_a_new_session),
	};

	return cmocka_run_group_tests_name("probe imap", tests, NULL, NULL);
}
