// SPDX-License-Identifier: GPL-3.0-or-later
/* net/http.c: what a server that lies, dawdles or talks too much gets out of the client. */
#include "test.h"

#include "net/http.h"
#include "probe_server.h"

#define ASK EXPECT("GET /x HTTP/1.1\r\nHost: mail.example.org\r\n\r\n")

static enum failure_class ask(const struct step *steps, struct http_answer *answer)
{
	_cleanup_(session_free) struct session session = SESSION_INIT;
	struct session_params params;
	enum failure_class failure;
	struct server server;

	server_start(&server, steps, NULL);
	params = server_session(&server, &http_protocol);
	params.security = SECURITY_CLEAR;
	assert_int_equal(session_open(&session, &params), FAILURE_NONE);
	failure = http_get(&session, "mail.example.org", "/x", answer);
	stream_close(&session.stream);
	server_finish(&server);
	return failure;
}

static void reads_an_answer(void **state _unused_)
{
	static const struct step steps[] = {
	    ASK,
	    SAY("HTTP/1.1 200 OK\r\nContent-Type: text/xml; charset=utf-8\r\n"
		"content-length:   5\r\nX: Server: no\r\n\r\nhello"),
	    SILENCE, END};
	_cleanup_(http_answer_clear) struct http_answer answer = HTTP_ANSWER_INIT;

	assert_int_equal(ask(steps, &answer), FAILURE_NONE);
	assert_int_equal(answer.status, 200);
	assert_string_equal(answer.type, "text/xml; charset=utf-8");
	assert_string_equal(buffer_text(&answer.body), "hello");
	assert_false(answer.tells_server);
}

static void sees_a_server_that_tells_its_name(void **state _unused_)
{
	static const struct step steps[] = {
	    ASK, SAY("HTTP/1.1 404 Not Found\r\nserver: x/1\r\nContent-Length: 0\r\n\r\n"), SILENCE,
	    END};
	_cleanup_(http_answer_clear) struct http_answer answer = HTTP_ANSWER_INIT;

	assert_int_equal(ask(steps, &answer), FAILURE_NONE);
	assert_int_equal(answer.status, 404);
	assert_true(answer.tells_server);
}

#define ANSWER(text)                                                                               \
	{                                                                                          \
		ASK, SAY(text), SILENCE, END                                                       \
	}

static void refuses_what_is_no_answer(void **state _unused_)
{
	static const struct step wrong[][4] = {
	    ANSWER("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"),
	    ANSWER("HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n"),
	    ANSWER("HTTP/1.1 20\r\n\r\n"),
	    ANSWER("HTTP/1.1 099 x\r\nContent-Length: 0\r\n\r\n"),
	    ANSWER("SSH-2.0-x\r\n"),
	    ANSWER("HTTP/1.1 200 OK\r\n\r\n"),
	    ANSWER("HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\n"),
	    ANSWER("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"),
	    ANSWER("HTTP/1.1 200 OK\r\nContent-Length: 0x10\r\n\r\n"),
	    ANSWER("HTTP/1.1 200 OK\r\nContent-Length: 65537\r\n\r\n"),
	    ANSWER("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n"),
	    ANSWER("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
	    ANSWER("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
	    ANSWER("HTTP/1.1 200 OK\nContent-Length: 0\n\n"),
	};

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		_cleanup_(http_answer_clear) struct http_answer answer = HTTP_ANSWER_INIT;

		if (ask(wrong[i], &answer) != FAILURE_PROTOCOL)
			fail_msg("answer %zu was taken", i);
	}
}

static void does_not_read_headers_for_ever(void **state _unused_)
{
	static char many[HTTP_HEADERS * 8 + 64];
	struct step steps[] = {ASK, SAY(many), SILENCE, END};
	_cleanup_(http_answer_clear) struct http_answer answer = HTTP_ANSWER_INIT;
	size_t size = (size_t)sprintf(many, "HTTP/1.1 200 OK\r\n");

	for (int i = 0; i < HTTP_HEADERS; i++)
		size += (size_t)sprintf(many + size, "X: y\r\n");
	assert_int_equal(ask(steps, &answer), FAILURE_PROTOCOL);
}

static void a_body_that_is_cut_off_is_none(void **state _unused_)
{
	static const struct step steps[] = {
	    ASK, SAY("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"), END};
	_cleanup_(http_answer_clear) struct http_answer answer = HTTP_ANSWER_INIT;

	assert_int_equal(ask(steps, &answer), FAILURE_CLOSED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_an_answer),
	    cmocka_unit_test(sees_a_server_that_tells_its_name),
	    cmocka_unit_test(refuses_what_is_no_answer),
	    cmocka_unit_test(does_not_read_headers_for_ever),
	    cmocka_unit_test(a_body_that_is_cut_off_is_none),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
