// SPDX-License-Identifier: GPL-3.0-or-later
#include "test.h"

#include "net/dns.h"
#include "probe_server.h"

/* An answer to "localhost A?": header, question, one record. */
static const unsigned char localhost[] = {
    0x12, 0x34, 0x81, 0x80, 0,	 1,    0,    1, 0, 0,	0, 0, 9,    'l', 'o',
    'c',  'a',	'l',  'h',  'o', 's',  't',  0, 0, 1,	0, 1, 0xc0, 12,	 0,
    1,	  0,	1,    0,    0,	 0x2a, 0x30, 0, 4, 127, 0, 0, 1};

/* "x TXT?": two strings in one record. */
static const unsigned char text[] = {0,	  0, 0x81, 0x80, 0, 1, 0,    1,	  0, 0,	  0,  0, 1,
				     'x', 0, 0,	   16,	 0, 3, 0xc0, 12,  0, 16,  0,  3, 0,
				     0,	  0, 0,	   0,	 6, 2, '.',  ' ', 2, '2', '0'};

static enum failure_class parse(const unsigned char *bytes, size_t size, ns_type type,
				const char *wanted)
{
	_cleanup_(failure_clear) struct failure failure = FAILURE_INIT;
	_cleanup_(buffer_free) struct buffer answer = BUFFER_INIT;
	enum failure_class class = dns_parse(bytes, size, type, &answer, &failure);

	if (wanted)
		assert_string_equal(buffer_text(&answer), wanted);
	return class;
}

static void parses_answers(void **state _unused_)
{
	assert_int_equal(parse(localhost, sizeof(localhost), ns_t_a, "127.0.0.1\n"), FAILURE_NONE);
	assert_int_equal(parse(text, sizeof(text), ns_t_txt, ". 20\n"), FAILURE_NONE);
	assert_int_equal(parse(localhost, sizeof(localhost), ns_t_txt, ""), FAILURE_CONTENT);
}

static void refuses_what_is_no_answer(void **state _unused_)
{
	unsigned char broken[sizeof(localhost)];

	for (size_t size = 0; size < sizeof(localhost); size++)
		assert_int_equal(parse(localhost, size, ns_t_a, NULL), FAILURE_PROTOCOL);
	memcpy(broken, localhost, sizeof(localhost));
	broken[3] = 0x80 | ns_r_servfail;
	assert_int_equal(parse(broken, sizeof(broken), ns_t_a, ""), FAILURE_RESOURCE);
	broken[3] = 0x80 | ns_r_refused;
	assert_int_equal(parse(broken, sizeof(broken), ns_t_a, ""), FAILURE_POLICY);
	memcpy(broken, localhost, sizeof(localhost));
	broken[27] = 0xc0; /* a name that points at itself */
	broken[28] = 27;
	assert_int_equal(parse(broken, sizeof(broken), ns_t_a, NULL), FAILURE_PROTOCOL);
}

/* A resolver that loses the first question, answers the second with another's id
 * and then properly. */
static void *answer_at_last(void *context)
{
	int fd = *(int *)context;
	unsigned char bytes[512], reply[sizeof(localhost)];
	struct sockaddr_in client;
	socklen_t size = sizeof(client);

	if (recv(fd, bytes, sizeof(bytes), 0) <= 0 ||
	    recvfrom(fd, bytes, sizeof(bytes), 0, (struct sockaddr *)&client, &size) <= 0)
		return NULL;
	memcpy(reply, localhost, sizeof(reply));
	reply[0] = (unsigned char)~bytes[0];
	sendto(fd, reply, sizeof(reply), 0, (struct sockaddr *)&client, size);
	memcpy(reply, bytes, 2);
	sendto(fd, reply, sizeof(reply), 0, (struct sockaddr *)&client, size);
	return NULL;
}

static int open_resolver(struct dns_question *question, int64_t timeout_ms)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct timeval limit = {.tv_sec = 5};
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	*question = (struct dns_question){
	    .address = "127.0.0.1",
	    .port = ntohs(address.sin_port),
	    .name = "localhost",
	    .class = ns_c_in,
	    .type = ns_t_a,
	    .deadline_ms = clock_now_ms() + timeout_ms,
	};
	return fd;
}

static void asks_again_and_takes_only_its_own_answer(void **state _unused_)
{
	_cleanup_(failure_clear) struct failure failure = FAILURE_INIT;
	_cleanup_(buffer_free) struct buffer answer = BUFFER_INIT;
	struct dns_question question;
	int fd = open_resolver(&question, 5000);
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, answer_at_last, &fd), 0);
	assert_int_equal(dns_ask(&question, &answer, &failure), FAILURE_NONE);
	assert_string_equal(buffer_text(&answer), "127.0.0.1\n");
	pthread_join(thread, NULL);
	close(fd);
}

static void gives_up_on_a_silent_or_missing_resolver(void **state _unused_)
{
	_cleanup_(failure_clear) struct failure failure = FAILURE_INIT;
	_cleanup_(buffer_free) struct buffer answer = BUFFER_INIT;
	struct dns_question question;
	int fd = open_resolver(&question, 200);

	assert_int_equal(dns_ask(&question, &answer, &failure), FAILURE_TIMEOUT);
	close(fd);
	question.deadline_ms = clock_now_ms() + 1000;
	assert_int_equal(dns_ask(&question, &answer, &failure), FAILURE_REFUSED);
	question.address = "resolver";
	assert_int_equal(dns_ask(&question, &answer, &failure), FAILURE_UNREACHABLE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(parses_answers),
	    cmocka_unit_test(refuses_what_is_no_answer),
	    cmocka_unit_test(asks_again_and_takes_only_its_own_answer),
	    cmocka_unit_test(gives_up_on_a_silent_or_missing_resolver),
	};

	return cmocka_run_group_tests_name("probe dns", tests, NULL, NULL);
}
