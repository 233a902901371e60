// SPDX-License-Identifier: GPL-3.0-or-later
#include "test.h"

#include <errno.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "probe/maildir.h"

#define GOOD "Message-ID: <good@x>\nX-Spam-Flag: NO\n\nhello\n.\n"
#define SPAM "Received: x\nmessage-id: <spam@x>\nX-Spam-Flag: YES\n\nhello\n"
#define LIAR "Subject: x\n\nMessage-ID: <liar@x>\nX-Spam-Flag: YES\n"

enum { SOON_MS = 5000 };

static char *place(void **state, const char *name)
{
	char *path = file_join(*state, name);

	assert_non_null(path);
	return path;
}

static void put(void **state, const char *name, const char *text)
{
	_cleanup_free_ char *path = place(state, name);
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static bool finds(void **state, const char *id, bool spam, int64_t for_ms, struct buffer *message)
{
	_cleanup_(failure_clear) struct failure failure = FAILURE_INIT;
	bool found = true;

	assert_int_equal(
	    maildir_await(*state, spam, id, clock_now_ms() + for_ms, message, &found, &failure),
	    FAILURE_NONE);
	return found;
}

static void a_message_is_found_by_its_id_and_its_mark(void **state)
{
	_cleanup_(buffer_free) struct buffer message = BUFFER_INIT;

	maildir_prepare(*state);
	maildir_prepare(*state);
	put(state, "new/1", GOOD);
	put(state, "new/2", SPAM);
	put(state, "new/3", LIAR);
	assert_true(finds(state, "good@x", false, 0, &message));
	assert_string_equal(buffer_text(&message),
			    "Message-ID: <good@x>\r\nX-Spam-Flag: NO\r\n\r\nhello\r\n.\r\n");
	assert_true(finds(state, "spam@x", true, 0, NULL));
	assert_false(finds(state, "good@x", true, 0, NULL));
	assert_false(finds(state, "spam@x", false, 0, NULL));
	assert_false(finds(state, "liar@x", false, 0, NULL));
	assert_false(finds(state, "liar@x", true, 0, NULL));
	assert_false(finds(state, "ood@x", false, 20, NULL));
}

/* As virtual(8) delivers: for a moment the file has two names. */
static void *deliver(void *state)
{
	_cleanup_free_ char *written = file_join(state, "tmp/a"), *come = file_join(state, "new/a");

	put(&state, "tmp/a", GOOD);
	usleep(20 * 1000); /* whoever looks is waiting by now, or sees it all the same */
	if (link(written, come) < 0)
		abort();
	usleep(20 * 1000);
	if (unlink(written) < 0)
		abort();
	return NULL;
}

static void one_that_comes_is_awaited(void **state)
{
	int64_t begin = clock_now_ms();
	pthread_t thread;

	maildir_prepare(*state);
	assert_int_equal(pthread_create(&thread, NULL, deliver, *state), 0);
	assert_true(finds(state, "good@x", false, SOON_MS, NULL));
	assert_true(clock_now_ms() - begin < SOON_MS / 2);
	pthread_join(thread, NULL);
}

static void what_is_no_message_is_passed_over(void **state)
{
	_cleanup_free_ char *large = calloc(1, 100 * 1024 + 1), *path = place(state, "new/0link"),
			    *folder = place(state, "new/0folder");

	maildir_prepare(*state);
	memset(large, 'x', 100 * 1024);
	memcpy(large, GOOD, strlen(GOOD) - 1);
	put(state, "new/0large", large);
	put(state, "elsewhere", GOOD);
	assert_int_equal(symlink("../elsewhere", path), 0);
	assert_int_equal(mkdir(folder, 0700), 0);
	assert_false(finds(state, "good@x", false, 0, NULL));
	put(state, "new/.hidden", GOOD);
	assert_false(finds(state, "good@x", false, 0, NULL));
	put(state, "new/1", GOOD);
	assert_true(finds(state, "good@x", false, 0, NULL));
}

static void it_is_cleaned(void **state)
{
	_cleanup_(failure_clear) struct failure failure = FAILURE_INIT;
	_cleanup_free_ char *folder = place(state, "new/folder");

	maildir_prepare(*state);
	put(state, "new/1", GOOD);
	put(state, "new/2", SPAM);
	assert_int_equal(maildir_clean(*state, &failure), FAILURE_NONE);
	assert_false(finds(state, "good@x", false, 0, NULL));
	assert_int_equal(mkdir(folder, 0700), 0);
	assert_int_equal(maildir_clean(*state, &failure), FAILURE_RESOURCE);
}

static void without_a_folder_it_is_said(void **state)
{
	_cleanup_(failure_clear) struct failure failure = FAILURE_INIT;
	_cleanup_free_ char *nowhere = place(state, "nowhere/at/all");
	bool found;

	maildir_prepare(nowhere);
	assert_int_equal(maildir_await(nowhere, false, "x", 0, NULL, &found, &failure),
			 FAILURE_RESOURCE);
	assert_int_equal(maildir_clean(nowhere, &failure), FAILURE_RESOURCE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    folder_test(a_message_is_found_by_its_id_and_its_mark),
	    folder_test(one_that_comes_is_awaited),
	    folder_test(what_is_no_message_is_passed_over),
	    folder_test(it_is_cleaned),
	    folder_test(without_a_folder_it_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
