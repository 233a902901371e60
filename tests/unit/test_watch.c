// SPDX-License-Identifier: GPL-3.0-or-later
/* What counts as hanging, and that each answer of a server is told apart. */
#include "test.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "watch/parts.h"
#include "watch/program.h"
#include "watch/watch.h"

#define SECOND 1000000

/* Each with who it needs, which is asked before it. */
static void the_parts_are_those_of_the_table(void **state _unused_)
{
	size_t count, amavis = 0, clamav = 0, lmtp = 0;
	struct watched *parts = parts_list(&count);

	assert_non_null(parts);
	assert_int_equal(count, 12);
	for (size_t i = 0; i < count; i++) {
		amavis = strcmp(parts[i].unit, "amavis.service") == 0 ? i : amavis;
		clamav = strcmp(parts[i].unit, "clamav-daemon.service") == 0 ? i : clamav;
		lmtp = parts[i].program ? i : lmtp;
	}
	assert_true(clamav < amavis && parts[amavis].needs == &parts[clamav]);
	assert_int_equal(parts[amavis].port, 10024);
	assert_string_equal(parts[clamav].question, "nPING\n");
	assert_null(parts[clamav].needs);
	assert_string_equal(parts[lmtp].unit, "dovecot.service");
	assert_int_equal(parts[lmtp].patience, 4);
	free(parts);
}

static void silent_and_idle_three_times_hangs(void **state _unused_)
{
	struct watched part = {.unit = "x"};

	assert_false(watch_count(&part, WATCH_ANSWERED, 5 * SECOND));
	assert_false(watch_count(&part, WATCH_NO_ANSWER, 5 * SECOND));
	assert_false(watch_count(&part, WATCH_NO_ANSWER, 5 * SECOND));
	assert_true(watch_count(&part, WATCH_NO_ANSWER, 5 * SECOND));
	assert_false(watch_count(&part, WATCH_NO_ANSWER, 5 * SECOND)); /* anew */
}

static void who_waits_for_the_disk_does_not_hang(void **state _unused_)
{
	struct watched part = {.unit = "x"};

	for (int round = 0; round < 100; round++)
		assert_false(watch_count(&part, WATCH_WAITS_FOR_DISK, SECOND));
	assert_false(watch_count(&part, WATCH_NO_ANSWER, SECOND));
	assert_true(watch_count(&part, WATCH_NO_ANSWER, SECOND));
}

static void one_may_be_given_more_patience(void **state _unused_)
{
	struct watched part = {.unit = "x", .patience = 7};

	for (int round = 0; round < 6; round++)
		assert_false(watch_count(&part, WATCH_NO_ANSWER, 0));
	assert_true(watch_count(&part, WATCH_NO_ANSWER, 0));
}

static void an_answer_begins_the_count_anew(void **state _unused_)
{
	struct watched part = {.unit = "x"};

	for (int round = 0; round < 10; round++) {
		assert_false(watch_count(&part, WATCH_NO_ANSWER, 0));
		assert_false(watch_count(&part, WATCH_NO_ANSWER, 0));
		assert_false(watch_count(&part, round % 2 ? WATCH_ANSWERED : WATCH_ABSENT, 0));
	}
}

static void who_works_does_not_hang(void **state _unused_)
{
	struct watched part = {.unit = "x"};

	for (uint64_t round = 1; round < 100; round++)
		assert_false(watch_count(&part, WATCH_NO_ANSWER, round * SECOND));
	/* started again meanwhile: less than before, and it loads */
	assert_false(watch_count(&part, WATCH_NO_ANSWER, SECOND / 2));
	assert_false(watch_count(&part, WATCH_NO_ANSWER, SECOND / 2));
	assert_true(watch_count(&part, WATCH_NO_ANSWER, SECOND / 2));
}

static void who_waits_for_another_part_does_not_hang(void **state _unused_)
{
	struct watched scanner = {.unit = "scanner"};
	struct watched filter = {.unit = "filter", .needs = &scanner};

	/* The scanner loads, and the filter does nothing but wait for it. */
	for (uint64_t round = 1; round < 20; round++) {
		assert_false(watch_count(&scanner, WATCH_NO_ANSWER, round * SECOND));
		assert_false(watch_count(&filter, WATCH_NO_ANSWER, 0));
	}
	assert_false(watch_count(&scanner, WATCH_ANSWERED, 20 * SECOND));
	assert_false(watch_count(&filter, WATCH_NO_ANSWER, 0));
	assert_false(watch_count(&filter, WATCH_NO_ANSWER, 0));
	assert_true(watch_count(&filter, WATCH_NO_ANSWER, 0));
}

static void a_clock_set_back_is_noticed_once(void **state _unused_)
{
	struct watch_clock clock = {0};

	assert_false(watch_clock_set_back(&clock, 1000000, 5000)); /* the first look */
	assert_false(watch_clock_set_back(&clock, 1005000, 10000));
	assert_true(watch_clock_set_back(&clock, 410000, 15000));
	assert_false(watch_clock_set_back(&clock, 415000, 20000));
}

static void a_clock_set_forward_or_kept_right_is_none_set_back(void **state _unused_)
{
	struct watch_clock clock = {0};

	assert_false(watch_clock_set_back(&clock, 1000000, 5000));
	assert_false(watch_clock_set_back(&clock, 34560000000, 10000));
	for (int64_t round = 1; round < 1000; round++) /* slewed back, far in all */
		assert_false(
		    watch_clock_set_back(&clock, 34560000000 + round * 4990, 10000 + round * 5000));
}

/* `call`: bind or connect. */
static int socket_at(const char *path, int (*call)(int, const struct sockaddr *, socklen_t))
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	assert_int_equal(call(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static int listen_at(const char *path)
{
	int fd = socket_at(path, bind);

	assert_int_equal(listen(fd, 1), 0);
	return fd;
}

static void a_socket_that_nobody_serves_gives_no_answer(void **state _unused_)
{
	char folder[] = "/tmp/postcask-watch-XXXXXX";
	_cleanup_free_ char *path = NULL;
	struct watched part = {.unit = "x", .question = "nPING\n", .answer = "PONG"};

	assert_non_null(mkdtemp(folder));
	path = file_join(folder, "socket");
	part.address = path;
	assert_int_equal(watch_ask(&part), WATCH_ABSENT);
	int fd = listen_at(path);
	assert_int_equal(watch_ask(&part), WATCH_NO_ANSWER);
	close(fd);
	assert_int_equal(watch_ask(&part), WATCH_ABSENT);
	assert_int_equal(file_remove_tree(folder, NULL), 0);
}

static void processor_time_is_read_from_the_control_group(void **state _unused_)
{
	static const char text[] = "usage_usec 1234567\nuser_usec 1\nsystem_usec 2\n";
	static const struct watched part = {.unit = "x.service"};
	char folder[] = "/tmp/postcask-watch-XXXXXX";
	_cleanup_free_ char *unit = NULL;
	_cleanup_free_ char *path = NULL;
	uint64_t used_us = 0;

	assert_non_null(mkdtemp(folder));
	unit = file_join(folder, "x.service");
	path = file_join(unit, "cpu.stat");
	assert_false(watch_processor_time(folder, &part, &used_us));
	assert_int_equal(mkdir(unit, 0755), 0);
	assert_int_equal(
	    file_replace(path, text, sizeof(text) - 1, 0644, (uid_t)-1, (gid_t)-1, NULL), 0);
	assert_true(watch_processor_time(folder, &part, &used_us));
	assert_int_equal(used_us, 1234567);
	assert_int_equal(file_remove_tree(folder, NULL), 0);
}

static pid_t start_named(const char *name)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		prctl(PR_SET_NAME, name);
		for (;;)
			pause();
	}
	return pid;
}

/* Until the kernel knows it by its name. */
static void wait_named(pid_t pid, const char *name)
{
	_cleanup_free_ char *path = NULL;
	_cleanup_free_ char *expected = NULL;

	assert_true(asprintf(&path, "/proc/%d/comm", (int)pid) > 0);
	assert_true(asprintf(&expected, "%s\n", name) > 0);
	for (bool named = false; !named;) {
		_cleanup_free_ char *text = NULL;

		assert_int_equal(file_read(path, 64, &text, NULL, NULL), 0);
		named = strcmp(text, expected) == 0;
	}
}

static void only_the_units_processes_of_that_name_are_ended(void **state _unused_)
{
	char folder[] = "/tmp/postcask-watch-XXXXXX";
	const struct watched part = {.unit = "x.service", .program = "two words"};
	pid_t hanging = start_named(part.program);
	pid_t other = start_named("other");
	pid_t elsewhere = start_named(part.program);
	_cleanup_free_ char *unit = NULL;
	_cleanup_free_ char *path = NULL;
	_cleanup_free_ char *text = NULL;
	uint64_t used_us = 1;
	int status;

	wait_named(hanging, part.program);
	wait_named(other, "other");
	wait_named(elsewhere, part.program);
	assert_non_null(mkdtemp(folder));
	assert_false(watch_processor_time(folder, &part, &used_us));
	unit = file_join(folder, part.unit);
	path = file_join(unit, "cgroup.procs");
	assert_int_equal(mkdir(unit, 0755), 0);
	assert_true(asprintf(&text, "%d\n%d\n0\n", (int)hanging, (int)other) > 0);
	assert_int_equal(file_replace(path, text, strlen(text), 0644, (uid_t)-1, (gid_t)-1, NULL),
			 0);
	assert_true(watch_processor_time(folder, &part, &used_us));
	assert_true(used_us > 0 && used_us < SECOND);
	assert_int_equal(program_signal(folder, part.unit, part.program, SIGKILL, &used_us), 1);
	assert_int_equal(waitpid(hanging, &status, 0), hanging);
	assert_int_equal(WTERMSIG(status), SIGKILL);
	assert_int_equal(waitpid(other, &status, WNOHANG), 0);
	assert_int_equal(waitpid(elsewhere, &status, WNOHANG), 0);
	assert_false(watch_processor_time(folder, &part, &used_us));
	kill(other, SIGKILL);
	kill(elsewhere, SIGKILL);
	assert_int_equal(waitpid(other, &status, 0), other);
	assert_int_equal(waitpid(elsewhere, &status, 0), elsewhere);
	assert_int_equal(file_remove_tree(folder, NULL), 0);
}

static void who_is_connected_is_seen(void **state _unused_)
{
	static const char list[] = "/proc/net/unix";
	char folder[] = "/tmp/postcask-watch-XXXXXX";
	_cleanup_free_ char *path = NULL;
	_cleanup_free_ char *other = NULL;

	assert_non_null(mkdtemp(folder));
	path = file_join(folder, "socket");
	other = file_join(folder, "sock");
	assert_false(watch_connected(list, path));
	int listening = listen_at(path);
	assert_false(watch_connected(list, path));
	int client = socket_at(path, connect);
	assert_true(watch_connected(list, path)); /* it waits */
	assert_false(watch_connected(list, other));
	int served = accept(listening, NULL, NULL);
	assert_true(watch_connected(list, path));
	close(client);
	assert_true(watch_connected(list, path)); /* the server has not noticed */
	close(served);
	assert_false(watch_connected(list, path));
	close(listening);
	assert_false(watch_connected("/nowhere", path));
	assert_int_equal(file_remove_tree(folder, NULL), 0);
}

/* A process that waits for its child of vfork(2) is in the same state as one that waits for the
 * disk. */
static pid_t start_uninterruptible(void)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		pid_t self = getpid();

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		prctl(PR_SET_NAME, ") S (");
		if (vfork() == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			while (getppid() == self) /* else it died before that line */
				pause();
			_exit(0);
		}
		_exit(0);
	}
	return pid;
}

static void who_waits_for_the_disk_is_seen(void **state _unused_)
{
	char folder[] = "/tmp/postcask-watch-XXXXXX";
	pid_t idle = start_named("idle"), waiting = start_uninterruptible();
	_cleanup_free_ char *unit = NULL;
	_cleanup_free_ char *path = NULL;
	_cleanup_free_ char *text = NULL;

	assert_non_null(mkdtemp(folder));
	unit = file_join(folder, "x.service");
	path = file_join(unit, "cgroup.threads");
	assert_int_equal(mkdir(unit, 0755), 0);
	assert_false(unit_waits_for_disk(folder, "x.service"));
	assert_true(asprintf(&text, "%d\n%d\n", (int)idle, (int)waiting) > 0);
	assert_int_equal(file_replace(path, text, strchr(text, '\n') + 1 - text, 0644, (uid_t)-1,
				      (gid_t)-1, NULL),
			 0);
	assert_false(unit_waits_for_disk(folder, "x.service"));
	assert_int_equal(file_replace(path, text, strlen(text), 0644, (uid_t)-1, (gid_t)-1, NULL),
			 0);
	while (!unit_waits_for_disk(folder, "x.service"))
		assert_int_equal(waitpid(waiting, NULL, WNOHANG), 0);
	kill(waiting, SIGKILL);
	kill(idle, SIGKILL);
	assert_int_equal(waitpid(waiting, NULL, 0), waiting);
	assert_int_equal(waitpid(idle, NULL, 0), idle);
	assert_int_equal(file_remove_tree(folder, NULL), 0);
}

static void any_work_of_a_program_is_work(void **state _unused_)
{
	struct watched part = {.unit = "x", .program = "lmtp"};

	for (uint64_t round = 1; round < 20; round++)
		assert_false(watch_count(&part, WATCH_NO_ANSWER, round));
	assert_false(watch_count(&part, WATCH_NO_ANSWER, 19));
	assert_true(watch_count(&part, WATCH_NO_ANSWER, 19));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_parts_are_those_of_the_table),
	    cmocka_unit_test(silent_and_idle_three_times_hangs),
	    cmocka_unit_test(who_waits_for_the_disk_does_not_hang),
	    cmocka_unit_test(who_waits_for_the_disk_is_seen),
	    cmocka_unit_test(one_may_be_given_more_patience),
	    cmocka_unit_test(an_answer_begins_the_count_anew),
	    cmocka_unit_test(who_works_does_not_hang),
	    cmocka_unit_test(who_waits_for_another_part_does_not_hang),
	    cmocka_unit_test(a_clock_set_back_is_noticed_once),
	    cmocka_unit_test(a_clock_set_forward_or_kept_right_is_none_set_back),
	    cmocka_unit_test(a_socket_that_nobody_serves_gives_no_answer),
	    cmocka_unit_test(processor_time_is_read_from_the_control_group),
	    cmocka_unit_test(only_the_units_processes_of_that_name_are_ended),
	    cmocka_unit_test(who_is_connected_is_seen),
	    cmocka_unit_test(any_work_of_a_program_is_work),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
