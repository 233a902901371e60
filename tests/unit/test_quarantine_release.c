// SPDX-License-Identifier: GPL-3.0-or-later
/* Delivering from quarantine: byte for byte, or not at all, and said which. */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "probe_server.h"
#include "quarantine/release.h"

#define LINES	"amavis's lines\n"
#define MESSAGE ".\n..two\nbare \r in it\n8-bit \xe4\xff\nno newline at the end"
#define WIRE	"..\r\n...two\r\nbare \r in it\r\n8-bit \xe4\xff\r\nno newline at the end\r\n.\r\n"

#define ENVELOPE                                                                                   \
	SAY("220 hello\r\n"), EXPECT("EHLO quarantine.localhost\r\n"),                             \
	    SAY("250-hello\r\n250 8BITMIME\r\n"), EXPECT("MAIL FROM:<s@x> BODY=8BITMIME\r\n"),     \
	    SAY("250 ok\r\n"), EXPECT("RCPT TO:<a@x>\r\n"), SAY("250 ok\r\n"),                     \
	    EXPECT("RCPT TO:<\"b >\"@x>\r\n")
#define DATA SAY("250 ok\r\n"), EXPECT("DATA\r\n"), SAY("354 go\r\n"), EXPECT(WIRE)
#define BYE  EXPECT("QUIT\r\n"), SAY("221 bye\r\n"), END

static const char *const recipients[] = {"a@x", "\"b >\"@x"};

static char *make_file(const char *folder)
{
	char *path = file_join(folder, "file");

	assert_int_equal(file_replace(path, LINES MESSAGE, strlen(LINES MESSAGE), 0600, (uid_t)-1,
				      (gid_t)-1, NULL),
			 0);
	return path;
}

static int release(const char *folder, const struct step *steps, char **ret_id, struct error *error)
{
	_cleanup_free_ char *path = make_file(folder), *socket = NULL;
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct quarantine_release wanted = {.sender = "s@x",
					    .recipients = recipients,
					    .count = 2,
					    .offset = strlen(LINES),
					    .timeout_ms = 3000};
	struct server server;
	int result;

	wanted.socket = socket = server_start_in(&server, folder, steps);
	result = quarantine_release(fd, &wanted, ret_id, error);
	server_finish(&server);
	return result;
}

static void delivers_byte_for_byte(void **state)
{
	static const struct step steps[] = {ENVELOPE, DATA,
					    SAY("250 2.0.0 Ok: queued as 4jYg1z\r\n"), BYE};
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_free_ char *id = NULL;

	assert_int_equal(release(*state, steps, &id, &error), 0);
	assert_string_equal(id, "4jYg1z");
}

static void one_refused_recipient_and_nothing_is_sent(void **state)
{
	static const struct step steps[] = {ENVELOPE, SAY("550 5.1.1 unknown\r\n"), BYE};
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_free_ char *id = NULL;

	assert_int_equal(release(*state, steps, &id, &error), -EIO);
	assert_non_null(strstr(error_text(&error), "550 5.1.1 unknown"));
	assert_null(strstr(error_text(&error), "nevertheless"));
	assert_null(id);
}

static void a_missing_answer_is_no_success(void **state)
{
	static const struct step steps[] = {ENVELOPE, DATA, END};
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_free_ char *id = NULL;

	assert_int_equal(release(*state, steps, &id, &error), -EIO);
	assert_non_null(strstr(error_text(&error), "may have been delivered nevertheless"));
}

static void a_full_disk_is_no_success(void **state)
{
	static const struct step steps[] = {ENVELOPE, DATA, SAY("452 4.3.1 no space\r\n"), BYE};
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_free_ char *id = NULL;

	assert_int_equal(release(*state, steps, &id, &error), -EIO);
	assert_null(strstr(error_text(&error), "nevertheless"));
}

static void a_file_that_is_being_written_waits(void **state)
{
	_cleanup_free_ char *path = make_file(*state), *id = NULL;
	_cleanup_close_ int writer = open(path, O_WRONLY | O_CLOEXEC);
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	const struct quarantine_release wanted = {
	    .socket = "/nowhere", .sender = "s@x", .recipients = recipients, .count = 2};

	assert_int_equal(quarantine_release(fd, &wanted, &id, &error), -EBUSY);
	close(writer);
	writer = -1;
	assert_int_equal(quarantine_release(fd, &wanted, &id, &error), -EIO);
}

static void no_envelope_smuggles_commands(void **state)
{
	static const char *const wrong[] = {"a@x>\r\nRCPT TO:<c@x", "a@x\n", "", "a b@x"};
	_cleanup_free_ char *path = make_file(*state), *id = NULL;
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		_cleanup_(error_clear) struct error error = ERROR_INIT;
		const struct quarantine_release wanted = {
		    .socket = "/nowhere", .sender = "s@x", .recipients = wrong + i, .count = 1};

		assert_int_equal(quarantine_release(fd, &wanted, &id, &error), -EINVAL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    folder_test(delivers_byte_for_byte),
	    folder_test(one_refused_recipient_and_nothing_is_sent),
	    folder_test(a_missing_answer_is_no_success),
	    folder_test(a_full_disk_is_no_success),
	    folder_test(a_file_that_is_being_written_waits),
	    folder_test(no_envelope_smuggles_commands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
