// SPDX-License-Identifier: GPL-3.0-or-later
/* The service as its clients meet it: in a process of its own, with a resolver and a policyd-spf
 * that the test plays. */
#include "test.h"

#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/listen.h"
#include "policy/client.h"
#include "policy/datagram.h"
#include "policy/service.h"

enum { WAIT_MS = 10000, ANSWER_LIMIT = 4096 };

struct world {
	char *folder, *filter, *postfix, *oracle, *store;
	int resolver, oracle_fd;
	pid_t service;
};

static struct world world;

static unsigned resolver_port(void)
{
	struct sockaddr_in address;
	socklen_t size = sizeof(address);

	assert_int_equal(getsockname(world.resolver, (struct sockaddr *)&address, &size), 0);
	return ntohs(address.sin_port);
}

static void start_service(void)
{
	struct service_paths paths = {.filter = world.filter,
				      .postfix = world.postfix,
				      .oracle = world.oracle,
				      .store = world.store,
				      .filter_account = "nobody",
				      .resolver = "127.0.0.1",
				      .resolver_port = resolver_port()};

	unlink(world.filter);
	unlink(world.postfix);
	world.service = fork();
	if (world.service == 0) {
		_cleanup_(error_clear) struct error error = ERROR_INIT;

		prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails leaves nothing behind */
		exit(service_run(&paths, &error) < 0);
	}
}

static void stop_service(void)
{
	int status;

	kill(world.service, SIGTERM);
	assert_int_equal(waitpid(world.service, &status, 0), world.service);
	assert_int_equal(status, 0);
}

static int begin(void **state _unused_)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	struct error error = ERROR_INIT;

	if (test_folder_make((void **)&world.folder) < 0)
		return -1;
	world.filter = file_join(world.folder, "filter");
	world.postfix = file_join(world.folder, "postfix");
	world.oracle = file_join(world.folder, "oracle");
	world.store = file_join(world.folder, "store");
	world.resolver = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
	if (bind(world.resolver, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen_at(world.oracle, 0600, 1, &world.oracle_fd, &error) < 0)
		return -1;
	start_service();
	return 0;
}

static int end(void **state _unused_)
{
	stop_service();
	close(world.resolver);
	close(world.oracle_fd);
	free(world.filter);
	free(world.postfix);
	free(world.oracle);
	free(world.store);
	return test_folder_remove((void **)&world.folder);
}

/* Until the service listens. */
static int connect_to(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int64_t deadline = clock_now_ms() + WAIT_MS;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strcpy(address.sun_path, path);
	while (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		assert_true(clock_left_ms(deadline) > 0);
		poll(NULL, 0, 5);
	}
	return fd;
}

static void say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static void await(int fd)
{
	struct pollfd wait = {.fd = fd, .events = POLLIN};

	assert_int_equal(poll(&wait, 1, WAIT_MS), 1);
}

static const char *hear(int fd, const char *expected)
{
	static char text[ANSWER_LIMIT];
	size_t size = 0;

	while (size < strlen(expected)) {
		ssize_t got;

		await(fd);
		got = recv(fd, text + size, sizeof(text) - 1 - size, 0);
		if (got <= 0)
			break;
		size += (size_t)got;
	}
	text[size] = '\0';
	assert_string_equal(text, expected);
	return text;
}

/* Takes a question, and answers it with one TXT record, or with none. */
static void resolve(const char *name, const char *text)
{
	unsigned char bytes[512];
	struct sockaddr_in from;
	socklen_t from_size = sizeof(from);
	size_t length = strlen(text), at;
	ssize_t size;
	char found[NS_MAXDNAME];

	await(world.resolver);
	size =
	    recvfrom(world.resolver, bytes, sizeof(bytes), 0, (struct sockaddr *)&from, &from_size);
	assert_true(size > NS_HFIXEDSZ);
	assert_true(
	    ns_name_uncompress(bytes, bytes + size, bytes + NS_HFIXEDSZ, found, sizeof(found)) > 0);
	assert_string_equal(found, name);
	at = (size_t)size - 11;
	bytes[2] |= 0x80;
	bytes[7] = length > 0;
	bytes[11] = 0;
	if (length) {
		memcpy(bytes + at, "\xc0\x0c\0\x10\0\x01\0\0\0\x3c\0", 11);
		bytes[at + 11] = (unsigned char)(length + 1);
		bytes[at + 12] = (unsigned char)length;
		memcpy(bytes + at + 13, text, length);
		at += 13 + length;
	}
	assert_int_equal(sendto(world.resolver, bytes, at, 0, (struct sockaddr *)&from, from_size),
			 at);
}

static void the_filter_has_its_verdict(void **state _unused_)
{
	_cleanup_close_ int fd = connect_to(world.filter);

	say(fd, "ping\n");
	hear(fd, "pong\n");
	say(fd, "ahead from=example.org\n");
	resolve("_dmarc.example.org", "v=DMARC1; p=reject");
	resolve("_dmarc.org", "");
	say(fd, "judge from=example.org dkim=mail.example.org\n");
	resolve("_dmarc.mail.example.org", "");
	hear(fd, "result=pass published=reject applied=reject author=example.org "
		 "record=example.org known=no\n");
	/* All is known now, and two questions may come at once. */
	say(fd, "judge from=example.org\njudge from=example.org spf=example.org\n");
	hear(fd, "result=fail published=reject applied=reject author=example.org "
		 "record=example.org known=no\n"
		 "result=pass published=reject applied=reject author=example.org "
		 "record=example.org known=no\n");
}

/* One that waits for the DNS holds up nobody else. */
static void a_slow_answer_holds_up_nobody(void **state _unused_)
{
	_cleanup_close_ int slow = connect_to(world.filter), quick = connect_to(world.filter);
	int64_t begun = clock_now_ms();

	say(slow, "judge from=slow.example\n");
	await(world.resolver);
	say(quick, "ping\n");
	hear(quick, "pong\n");
	hear(slow, "result=temperror published=none applied=none author= record= known=no\n");
	assert_true(clock_now_ms() - begun >= CLIENT_FILTER_MS);
	resolve("_dmarc.slow.example", "v=DMARC1; p=none");
	resolve("_dmarc.example", "");
	say(slow, "judge from=slow.example\n");
	hear(slow, "result=fail published=none applied=none author=slow.example "
		   "record=slow.example known=no\n");
}

/* Who was written to is known, also after the next start. */
static void lists_become_known(void **state _unused_)
{
	static const char question[] =
	    "judge from=example.org dkim=example.org dkim=lists.example.net "
	    "list=dev.lists.example.net\n";
	static const char yes[] = "result=pass published=reject applied=reject author=example.org "
				  "record=example.org known=yes\n";
	int fd = connect_to(world.filter);

	say(fd, question);
	hear(fd, "result=pass published=reject applied=reject author=example.org "
		 "record=example.org known=no\n");
	say(fd, "wrote to=lists.example.net to=other.example\n");
	say(fd, question);
	hear(fd, yes);
	/* The name of the list alone proves nothing. */
	say(fd, "judge from=example.org dkim=example.org list=dev.lists.example.net\n");
	hear(fd, "result=pass published=reject applied=reject author=example.org "
		 "record=example.org known=no\n");
	close(fd);
	stop_service();
	start_service();
	fd = connect_to(world.filter);
	say(fd, question);
	resolve("_dmarc.example.org", "v=DMARC1; p=reject");
	resolve("_dmarc.org", "");
	hear(fd, yes);
	close(fd);
}

/* What is asked of one client; what policyd-spf said of another is remembered for a minute. */
static const char *asked_of(const char *client)
{
	static char text[512];

	snprintf(text, sizeof(text),
		 "request=smtpd_access_policy\nclient_address=%s\nhelo_name=x.example\n"
		 "sender=a@none.example\n\n",
		 client);
	return text;
}

static void serve_oracle(const char *client, const char *answer)
{
	_cleanup_close_ int fd = -1;
	char text[ANSWER_LIMIT], expected[ANSWER_LIMIT];
	ssize_t size;

	await(world.oracle_fd);
	fd = accept(world.oracle_fd, NULL, NULL);
	assert_true(fd >= 0);
	await(fd);
	size = recv(fd, text, sizeof(text) - 1, 0);
	assert_true(size > 0);
	text[size] = '\0';
	snprintf(expected, sizeof(expected),
		 "\nclient_address=%s\nhelo_name=x.example\nsender=a@none.example\n\n", client);
	assert_non_null(strstr(text, expected));
	say(fd, answer);
}

static void a_domain_that_sends_none_is_refused(void **state _unused_)
{
	static const char refused[] =
	    "action=550 5.7.23 none.example says that it sends no mail (its SPF record)\n\n";
	_cleanup_close_ int fd = connect_to(world.postfix);

	say(fd, "client_address=192.0.2.1\nsender=a@some.example\n\n");
	resolve("some.example", "v=spf1 mx -all");
	hear(fd, "action=DUNNO\n\n");
	say(fd, asked_of("192.0.2.1"));
	resolve("none.example", "v=spf1 -all");
	serve_oracle("192.0.2.1", "action=550 5.7.23 Message rejected due to: SPF fail\n\n");
	hear(fd, refused);
	/* It was said a moment ago. */
	say(fd, asked_of("192.0.2.1"));
	hear(fd, refused);
	say(fd, asked_of("192.0.2.2"));
	serve_oracle("192.0.2.2", "action=prepend Received-SPF: Pass (mailfrom) x\n\n");
	hear(fd, "action=DUNNO\n\n");
	/* Whoever is not a stranger is not judged. */
	say(fd, "client_address=127.0.0.1\nsender=a@none.example\n\n");
	hear(fd, "action=DUNNO\n\n");
}

/* policyd-spf that answers nothing costs two seconds, and nothing more. */
static void a_silent_oracle_refuses_nobody(void **state _unused_)
{
	int clients[4], oracle[2];
	int64_t begun = clock_now_ms();

	for (size_t i = 0; i < ARRAY_SIZE(clients); i++) {
		clients[i] = connect_to(world.postfix);
		say(clients[i], asked_of("192.0.2.99"));
	}
	for (size_t i = 0; i < ARRAY_SIZE(oracle); i++) {
		await(world.oracle_fd);
		oracle[i] = accept(world.oracle_fd, NULL, NULL);
	}
	for (size_t i = 0; i < ARRAY_SIZE(clients); i++) {
		hear(clients[i], "action=DUNNO\n\n");
		close(clients[i]);
	}
	assert_true(clock_now_ms() - begun < 2 * CLIENT_POSTFIX_MS);
	/* No third process was asked for. */
	assert_true(accept(world.oracle_fd, NULL, NULL) < 0);
	for (size_t i = 0; i < ARRAY_SIZE(oracle); i++)
		close(oracle[i]);
}

/* Strangers are put off, but for whom SPF speaks; when policyd-spf says nothing it takes two
 * seconds, and nobody else waits for them. */
static void greylisting_asks_about_strangers(void **state _unused_)
{
	static const char question[] = "client_address=198.51.100.%d\nhelo_name=x.example\n"
				       "sender=a@%s.example\npolicy_context=suspicious\n"
				       "client_name=%s\n\n";
	static const char later[] = "action=451 4.7.1 not known here yet; try again in 60 seconds "
				    "(greylisting)\n\n";
	_cleanup_close_ int fd = connect_to(world.postfix), other = connect_to(world.postfix);
	_cleanup_close_ int oracle = -1;
	char text[512];

	snprintf(text, sizeof(text), question, 1, "stranger", "unknown");
	say(fd, text);
	await(world.oracle_fd);
	oracle = accept(world.oracle_fd, NULL, NULL);
	await(oracle);
	assert_true(recv(oracle, text, sizeof(text), 0) > 0);
	snprintf(text, sizeof(text), question, 2, "named", "mail.example.com");
	say(other, text);
	hear(other, "action=DUNNO\n\n");
	say(oracle, "action=prepend Received-SPF: Softfail (mailfrom) x\n\n");
	hear(fd, later);
	snprintf(text, sizeof(text), question, 3, "pool", "unknown");
	say(fd, text);
	await(oracle);
	assert_true(recv(oracle, text, sizeof(text), 0) > 0);
	say(oracle, "action=prepend Received-SPF: Pass (mailfrom) x\n\n");
	hear(fd, "action=DUNNO\n\n");
	snprintf(text, sizeof(text), question, 4, "silent", "unknown");
	say(fd, text);
	hear(fd, later);
	/* This machine, and who is logged in, are no strangers. */
	say(other, "client_address=127.0.0.1\nhelo_name=[127.0.0.1]\npolicy_context=all\n\n");
	hear(other, "action=DUNNO\n\n");
	say(other, "client_address=198.51.100.5\nsasl_username=a@example.org\nhelo_name=[x]\n"
		   "policy_context=all\n\n");
	hear(other, "action=DUNNO\n\n");
	say(other, "client_address=198.51.100.5\nhelo_name=[x]\npolicy_context=all\n\n");
	hear(other, later);
	/* Nobody has to be asked about the others of its recipients. */
	say(fd, text);
	await(fd);
	assert_true(recv(fd, text, strlen("action=451"), 0) > 0);
	assert_memory_equal(text, "action=451", strlen("action=451"));
}

static void nonsense_ends_the_connection(void **state _unused_)
{
	_cleanup_free_ char *long_line = malloc(3 * REQUEST_LIMIT);
	_cleanup_close_ int fd = connect_to(world.filter), other = connect_to(world.filter);
	char byte;

	say(fd, "GET / HTTP/1.0\n");
	await(fd);
	assert_int_equal(recv(fd, &byte, 1, 0), 0);
	memset(long_line, 'x', 3 * REQUEST_LIMIT);
	assert_true(send(other, long_line, 3 * REQUEST_LIMIT, MSG_NOSIGNAL) > 0);
	await(other);
	assert_true(recv(other, &byte, 1, 0) <= 0);
}

/* More than there is room for are turned away, and whoever is there is served. */
static void clients_have_a_limit(void **state _unused_)
{
	enum { MORE = 20 };
	static int clients[SERVICE_CLIENTS + MORE];
	char byte;

	for (size_t i = 0; i < ARRAY_SIZE(clients); i++)
		clients[i] = connect_to(world.filter);
	await(clients[ARRAY_SIZE(clients) - 1]);
	assert_int_equal(recv(clients[ARRAY_SIZE(clients) - 1], &byte, 1, 0), 0);
	say(clients[0], "ping\n");
	hear(clients[0], "pong\n");
	for (size_t i = 0; i < ARRAY_SIZE(clients); i++)
		close(clients[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_filter_has_its_verdict),
	    cmocka_unit_test(a_slow_answer_holds_up_nobody),
	    cmocka_unit_test(lists_become_known),
	    cmocka_unit_test(a_domain_that_sends_none_is_refused),
	    cmocka_unit_test(a_silent_oracle_refuses_nobody),
	    cmocka_unit_test(greylisting_asks_about_strangers),
	    cmocka_unit_test(nonsense_ends_the_connection),
	    cmocka_unit_test(clients_have_a_limit),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
