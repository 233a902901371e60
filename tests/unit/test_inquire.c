// SPDX-License-Identifier: GPL-3.0-or-later
/* generation/inquire.c: a question to a daemon on its socket. */
#include "test.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "generation/inquire.h"

enum { ANSWER_MS = 5000, SILENCE_MS = 50 };

struct daemon {
	char folder[32], path[64], question[256];
	const char *answer; /* NULL: it stays silent */
	size_t times;
	int fd;
	pthread_t thread;
};

static void *serve(void *context)
{
	struct daemon *daemon = context;
	int client = accept(daemon->fd, NULL, NULL);
	ssize_t got = read(client, daemon->question, sizeof(daemon->question) - 1);

	assert_true(got > 0);
	for (size_t i = 0; daemon->answer && i < daemon->times; i++)
		if (send(client, daemon->answer, strlen(daemon->answer), MSG_NOSIGNAL) < 0)
			break;
	if (!daemon->answer)
		assert_int_equal(read(client, &got, 1), 0); /* until the other side gives up */
	close(client);
	return NULL;
}

static void daemon_start(struct daemon *daemon, const char *answer, size_t times)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	*daemon =
	    (struct daemon){.folder = "/tmp/inquire.XXXXXX", .answer = answer, .times = times};
	assert_non_null(mkdtemp(daemon->folder));
	snprintf(daemon->path, sizeof(daemon->path), "%s/socket", daemon->folder);
	strcpy(address.sun_path, daemon->path);
	daemon->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(daemon->fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(daemon->fd, 1), 0);
	assert_int_equal(pthread_create(&daemon->thread, NULL, serve, daemon), 0);
}

static void daemon_end(struct daemon *daemon)
{
	pthread_join(daemon->thread, NULL);
	close(daemon->fd);
	unlink(daemon->path);
	rmdir(daemon->folder);
}

static int ask(const char *answer, size_t times, int timeout_ms, struct buffer *said)
{
	struct error error = ERROR_INIT;
	struct daemon daemon;

	daemon_start(&daemon, answer, times);
	int result = inquire(daemon.path, "/a/file", timeout_ms, said, &error);
	daemon_end(&daemon);
	assert_string_equal(daemon.question, "/a/file\n");
	assert_int_equal(error.code != 0, result < 0);
	error_clear(&error);
	return result;
}

static void test_takes_the_answer(void **state _unused_)
{
	_cleanup_(buffer_free) struct buffer said = BUFFER_INIT;

	assert_int_equal(ask("ok\n", 1, ANSWER_MS, &said), 0);
	assert_string_equal(buffer_text(&said), "ok\n");
}

static void test_refuses_no_answer(void **state _unused_)
{
	_cleanup_(buffer_free) struct buffer said = BUFFER_INIT;

	assert_int_equal(ask("", 1, ANSWER_MS, &said), -ENODATA);
}

static void test_gives_up_on_silence(void **state _unused_)
{
	_cleanup_(buffer_free) struct buffer said = BUFFER_INIT;

	assert_int_equal(ask(NULL, 0, SILENCE_MS, &said), -ETIME);
}

static void test_refuses_too_much(void **state _unused_)
{
	_cleanup_(buffer_free) struct buffer said = BUFFER_INIT;

	assert_int_equal(ask("0123456789abcdef", 8192, ANSWER_MS, &said), -EMSGSIZE);
}

static void test_nobody_listens(void **state _unused_)
{
	_cleanup_(buffer_free) struct buffer said = BUFFER_INIT;
	_cleanup_(error_clear) struct error error = ERROR_INIT;

	assert_int_equal(inquire("/nowhere/socket", "x", ANSWER_MS, &said, &error), -ENOENT);
}

/* Whoever owns the folder does not choose whom root talks to. */
static void test_follows_no_link(void **state _unused_)
{
	_cleanup_(buffer_free) struct buffer said = BUFFER_INIT;
	char folder[] = "/tmp/inquire.XXXXXX";
	_cleanup_free_ char *link = NULL;
	struct daemon daemon;

	assert_non_null(mkdtemp(folder));
	assert_true(asprintf(&link, "%s/link", folder) > 0);
	daemon_start(&daemon, "ok\n", 1);
	assert_int_equal(symlink(daemon.path, link), 0);
	assert_int_equal(inquire(link, "/a/file", ANSWER_MS, &said, NULL), -ENOTSOCK);
	assert_int_equal(inquire(daemon.path, "/a/file", ANSWER_MS, &said, NULL), 0);
	daemon_end(&daemon);
	assert_int_equal(unlink(link), 0);
	assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_takes_the_answer),	cmocka_unit_test(test_refuses_no_answer),
	    cmocka_unit_test(test_gives_up_on_silence), cmocka_unit_test(test_refuses_too_much),
	    cmocka_unit_test(test_nobody_listens),	cmocka_unit_test(test_follows_no_link),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
