// SPDX-License-Identifier: GPL-3.0-or-later
#include "test.h"

#include "probe_server.h"

static void open_stream(struct stream *stream, const struct server *server, int timeout_ms)
{
	struct stream_params params = server_stream(server, timeout_ms);

	params.line_limit = 100;
	params.total_limit = 1000;
	assert_int_equal(stream_open(stream, &params), FAILURE_NONE);
}

static void expect_line(struct stream *stream, const char *wanted)
{
	const char *line;
	size_t size;

	assert_int_equal(stream_read_line(stream, &line, &size), FAILURE_NONE);
	assert_string_equal(line, wanted);
	assert_int_equal(size, strlen(wanted));
}

static void reads_lines_and_bytes_in_turn(void **state _unused_)
{
	static const struct step steps[] = {SAY("one\r\ntwo\r\nabc"), SAY("def\r\n"),
					    SAY("\r\nlast\r\n"), END};
	_cleanup_(stream_free) struct stream stream = STREAM_INIT;
	_cleanup_(buffer_free) struct buffer bytes = BUFFER_INIT;
	struct server server;

	server_start(&server, steps, NULL);
	open_stream(&stream, &server, 3000);
	expect_line(&stream, "one");
	expect_line(&stream, "two");
	assert_int_equal(stream_read_bytes(&stream, 5, &bytes), FAILURE_NONE);
	assert_string_equal(buffer_text(&bytes), "abcde");
	expect_line(&stream, "f");
	expect_line(&stream, "");
	expect_line(&stream, "last");
	stream_close(&stream);
	server_finish(&server);
}

/* Plays the steps and expects the first line to fail so. */
static void expect_failure(const struct step *steps, enum failure_class wanted, const char *words)
{
	_cleanup_(stream_free) struct stream stream = STREAM_INIT;
	struct server server;
	const char *line;

	server_start(&server, steps, NULL);
	open_stream(&stream, &server, 200);
	assert_int_equal(stream_read_line(&stream, &line, NULL), wanted);
	assert_non_null(strstr(failure_text(&stream.failure), words));
	assert_int_equal(stream.failure.class, wanted);
	stream_close(&stream);
	server_finish(&server);
}

static void refuses_what_no_server_may_send(void **state _unused_)
{
	static const char longest[101] = {[0 ... 99] = 'x'};
	static const char nul[] = "a\0b\r\n";
	static const struct step bare[] = {SAY("no carriage return\n"), END};
	static const struct step empty[] = {SAY("\n"), END};
	static const struct step endless[] = {SAY(longest), SAY(longest), SILENCE, END};
	static const struct step long_line[] = {SAY(longest), SAY("x\r\n"), END};
	static const struct step zero[] = {SAY_BYTES(nul), END};

	expect_failure(bare, FAILURE_PROTOCOL, "without CR");
	expect_failure(empty, FAILURE_PROTOCOL, "without CR");
	expect_failure(endless, FAILURE_PROTOCOL, "more than 100 bytes");
	expect_failure(long_line, FAILURE_PROTOCOL, "more than 100 bytes");
	expect_failure(zero, FAILURE_PROTOCOL, "NUL");
}

static void tells_silence_from_hanging_up(void **state _unused_)
{
	static const struct step silent[] = {SILENCE, END};
	static const struct step half[] = {SAY("half a li"), SILENCE, END};
	static const struct step gone[] = {END};
	static const struct step middle[] = {SAY("half a li"), END};

	expect_failure(silent, FAILURE_TIMEOUT, "deadline");
	expect_failure(half, FAILURE_TIMEOUT, "deadline");
	expect_failure(gone, FAILURE_CLOSED, "closed");
	expect_failure(middle, FAILURE_CLOSED, "closed");
}

static void a_timeout_loses_nothing(void **state _unused_)
{
	static const struct step steps[] = {SAY("first half, "), READ_LINE, SAY("second\r\n"), END};
	_cleanup_(stream_free) struct stream stream = STREAM_INIT;
	struct server server;
	const char *line;

	server_start(&server, steps, NULL);
	open_stream(&stream, &server, 100);
	assert_int_equal(stream_read_line(&stream, &line, NULL), FAILURE_TIMEOUT);
	stream.deadline_ms = clock_now_ms() + 3000;
	assert_int_equal(stream_writef(&stream, "go %s\r\n", "on"), FAILURE_NONE);
	expect_line(&stream, "first half, second");
	stream_close(&stream);
	server_finish(&server);
}

static void limits_a_conversation(void **state _unused_)
{
	static const char line[] = "forty characters are said again and again\r\n";
	static const struct step steps[] = {
	    SAY(line), SAY(line), SAY(line), SAY(line), SAY(line), SAY(line), SAY(line),
	    SAY(line), SAY(line), SAY(line), SAY(line), SAY(line), SAY(line), SAY(line),
	    SAY(line), SAY(line), SAY(line), SAY(line), SAY(line), SAY(line), SAY(line),
	    SAY(line), SAY(line), SAY(line), SAY(line), END};
	_cleanup_(stream_free) struct stream stream = STREAM_INIT;
	_cleanup_(buffer_free) struct buffer bytes = BUFFER_INIT;
	struct server server;
	enum failure_class failure;
	const char *text;
	int lines = 0;

	server_start(&server, steps, NULL);
	open_stream(&stream, &server, 3000);
	assert_int_equal(stream_read_bytes(&stream, 1001, &bytes), FAILURE_PROTOCOL);
	while (!(failure = stream_read_line(&stream, &text, NULL)))
		lines++;
	assert_int_equal(failure, FAILURE_PROTOCOL);
	assert_true(lines < 24);
	stream_close(&stream);
	server_finish(&server);
}

static void a_peer_that_does_not_read_cannot_block(void **state _unused_)
{
	_cleanup_(stream_free) struct stream stream = STREAM_INIT;
	struct stream_params params = {.deadline_ms = clock_now_ms() + 200};
	size_t size = 8 * 1024 * 1024;
	char *bytes = calloc(1, size);
	int64_t started = clock_now_ms();
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	assert_int_equal(stream_adopt(&stream, ends[0], &params), FAILURE_NONE);
	assert_int_equal(stream_write(&stream, bytes, size), FAILURE_TIMEOUT);
	assert_true(clock_now_ms() - started < 2000);
	close(ends[1]);
	free(bytes);
}

static void expect_no_connection(const char *address, unsigned port, enum failure_class wanted)
{
	_cleanup_(stream_free) struct stream stream = STREAM_INIT;
	struct stream_params params = {
	    .address = address, .port = port, .deadline_ms = clock_now_ms() + 1000};

	assert_int_equal(stream_open(&stream, &params), wanted);
	assert_true(strlen(failure_text(&stream.failure)) > 0);
}

static void says_why_there_is_no_connection(void **state _unused_)
{
	struct server server;
	static const struct step steps[] = {END};
	_cleanup_(stream_free) struct stream stream = STREAM_INIT;

	server_start(&server, steps, NULL);
	open_stream(&stream, &server, 1000);
	stream_close(&stream);
	server_finish(&server);
	expect_no_connection("127.0.0.1", server.port, FAILURE_REFUSED);
	expect_no_connection("/nonexistent/socket", 0, FAILURE_REFUSED);
	expect_no_connection("mail.example.org", 25, FAILURE_UNREACHABLE);
	expect_no_connection("", 25, FAILURE_UNREACHABLE);
}

/* A client that believes `authority`, connected to a server with `identity`. */
static enum failure_class try_tls(const struct identity *authority, SSL_CTX *context,
				  const char *chain, struct tls_facts *facts, char **ret_text)
{
	static const struct step steps[] = {START_TLS, SAY("hello\r\n"), SILENCE, END};
	_cleanup_(stream_free) struct stream stream = STREAM_INIT;
	_cleanup_(failure_clear) struct failure none = FAILURE_INIT;
	_cleanup_free_ char *pem = authority ? identity_pem(authority) : NULL;
	struct tls_params params = {.hostname = "mail.example.org", .chain = pem ? pem : chain};
	struct tls_client *client = NULL;
	enum failure_class failure;
	struct server server;

	server_start(&server, steps, context);
	open_stream(&stream, &server, 3000);
	assert_int_equal(tls_client_new(&params, &client, &none), FAILURE_NONE);
	failure = tls_start(&stream, client, facts);
	if (!failure)
		expect_line(&stream, "hello");
	if (ret_text)
		*ret_text = strdup(failure_text(&stream.failure));
	tls_client_free(client);
	stream_close(&stream);
	server_finish(&server);
	return failure;
}

static void expect_tls(const char *name, int days, bool own_authority, enum failure_class wanted,
		       const char *words)
{
	struct identity authority = identity_make("authority", 10, NULL);
	struct identity other = identity_make("authority", 10, NULL);
	struct identity identity = identity_make(name, days, &authority);
	SSL_CTX *context = identity_context(&identity);
	_cleanup_free_ char *text = NULL;

	assert_int_equal(try_tls(own_authority ? &authority : &other, context, NULL, NULL, &text),
			 wanted);
	assert_non_null(strstr(text, words));
	SSL_CTX_free(context);
	identity_free(&identity);
	identity_free(&other);
	identity_free(&authority);
}

static void verifies_chain_name_and_time(void **state _unused_)
{
	expect_tls("mail.example.org", 5, true, FAILURE_NONE, "");
	expect_tls("mail.example.net", 5, true, FAILURE_CERTIFICATE, "ostname mismatch");
	expect_tls("mail.example.org", -1, true, FAILURE_CERTIFICATE, "expired");
	expect_tls("mail.example.org", 5, false, FAILURE_CERTIFICATE, "mail.example.org");
}

static void believes_a_given_certificate_as_it_stands(void **state _unused_)
{
	struct identity authority = identity_make("authority", 10, NULL);
	struct identity identity = identity_make("mail.example.org", 5, &authority);
	struct identity other = identity_make("mail.example.org", 5, &authority);
	SSL_CTX *context = identity_context(&identity);
	SSL_CTX *other_context = identity_context(&other);
	_cleanup_(tls_facts_free) struct tls_facts facts = {0};
	_cleanup_free_ char *pem = identity_pem(&identity);

	assert_int_equal(try_tls(NULL, context, pem, &facts, NULL), FAILURE_NONE);
	assert_string_equal(facts.key, "ECDSA 256 bit");
	assert_string_equal(facts.subject, "CN=mail.example.org");
	assert_int_equal(strlen(facts.fingerprint), 64);
	assert_in_range(facts.not_after - time(NULL), 4 * 24 * 3600, 5 * 24 * 3600);
	assert_int_equal(try_tls(NULL, other_context, pem, NULL, NULL), FAILURE_CERTIFICATE);
	SSL_CTX_free(context);
	SSL_CTX_free(other_context);
	identity_free(&other);
	identity_free(&identity);
	identity_free(&authority);
}

static void a_client_of_rsa_alone_needs_an_rsa_key(void **state _unused_)
{
	static const struct step steps[] = {START_TLS, END};
	struct identity identity = identity_make("mail.example.org", 10, NULL);
	SSL_CTX *context = identity_context(&identity);
	_cleanup_free_ char *pem = identity_pem(&identity);
	_cleanup_(stream_free) struct stream stream = STREAM_INIT;
	struct tls_params params = {.hostname = "mail.example.org", .chain = pem, .rsa_only = true};
	struct tls_client *client = NULL;
	struct server server;

	server_start(&server, steps, context);
	open_stream(&stream, &server, 3000);
	assert_int_equal(tls_client_new(&params, &client, &stream.failure), FAILURE_NONE);
	assert_int_equal(tls_start(&stream, client, NULL), FAILURE_TLS);
	tls_client_free(client);
	stream_close(&stream);
	server_finish(&server);
	SSL_CTX_free(context);
	identity_free(&identity);
}

static enum failure_class try_old(SSL_CTX *context, const struct step *steps)
{
	_cleanup_(stream_free) struct stream stream = STREAM_INIT;
	enum failure_class failure;
	struct server server;

	server_start(&server, steps, context);
	open_stream(&stream, &server, 500);
	failure = tls_start_old(&stream);
	stream_close(&stream);
	server_finish(&server);
	return failure;
}

static void finds_a_server_that_still_speaks_old_tls(void **state _unused_)
{
	static const struct step handshake[] = {START_TLS, END};
	static const struct step garbage[] = {SAY("220 ready\r\n"), SILENCE, END};
	static const struct step silent[] = {SILENCE, END};
	struct identity authority = identity_make("mail.example.org", 10, NULL);
	SSL_CTX *context = identity_context(&authority);

	assert_int_equal(try_old(context, handshake), FAILURE_NONE);
	assert_int_equal(try_old(NULL, garbage), FAILURE_TLS);
	assert_int_equal(try_old(NULL, silent), FAILURE_TIMEOUT);
	SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
	assert_int_equal(SSL_CTX_set_cipher_list(context, "ALL:@SECLEVEL=0"), 1);
	assert_int_equal(try_old(context, handshake), FAILURE_POLICY);
	SSL_CTX_free(context);
	identity_free(&authority);
}

static void makes_no_client_without_an_authority(void **state _unused_)
{
	_cleanup_(failure_clear) struct failure failure = FAILURE_INIT;
	struct tls_params missing = {.hostname = "a", .ca_file = "/nonexistent/ca.pem"};
	struct tls_params empty = {.hostname = "a", .chain = "no PEM at all"};
	struct tls_client *client = NULL;

	assert_int_equal(tls_client_new(&missing, &client, &failure), FAILURE_CERTIFICATE);
	assert_string_equal(failure_text(&failure),
			    "cannot load /nonexistent/ca.pem: No such file or directory");
	assert_int_equal(tls_client_new(&empty, &client, &failure), FAILURE_CERTIFICATE);
	assert_null(client);
}

static void a_failure_is_one_printable_line(void **state _unused_)
{
	_cleanup_(failure_clear) struct failure failure = FAILURE_INIT;
	char text[1001];

	memset(text, 'a', 1000);
	text[1000] = '\0';
	failure_set(&failure, FAILURE_PROTOCOL, "bad\x1b[2J\r\n\xc3\xbc");
	assert_string_equal(failure_text(&failure), "bad?[2J????");
	failure_wrap(&failure, "greeting");
	assert_string_equal(failure_text(&failure), "greeting: bad?[2J????");
	failure_set(&failure, FAILURE_PROTOCOL, "%s", text);
	assert_int_equal(strlen(failure_text(&failure)), 300);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_lines_and_bytes_in_turn),
	    cmocka_unit_test(refuses_what_no_server_may_send),
	    cmocka_unit_test(tells_silence_from_hanging_up),
	    cmocka_unit_test(a_timeout_loses_nothing),
	    cmocka_unit_test(limits_a_conversation),
	    cmocka_unit_test(a_peer_that_does_not_read_cannot_block),
	    cmocka_unit_test(says_why_there_is_no_connection),
	    cmocka_unit_test(verifies_chain_name_and_time),
	    cmocka_unit_test(believes_a_given_certificate_as_it_stands),
	    cmocka_unit_test(a_client_of_rsa_alone_needs_an_rsa_key),
	    cmocka_unit_test(finds_a_server_that_still_speaks_old_tls),
	    cmocka_unit_test(makes_no_client_without_an_authority),
	    cmocka_unit_test(a_failure_is_one_printable_line),
	};

	return cmocka_run_group_tests_name("probe streams", tests, NULL, NULL);
}
