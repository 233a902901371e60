// SPDX-License-Identifier: GPL-3.0-or-later
/* src/base: errors, buffers, files and processes. */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/options.h"
#include "base/process.h"

static void error_gains_context(void **state _unused_)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;

	assert_int_equal(error_errno(&error, ENOENT, "%s", "main.cf"), -ENOENT);
	assert_int_equal(error_wrap(&error, "postfix"), -ENOENT);
	assert_string_equal(error_text(&error), "postfix: main.cf: No such file or directory");
	assert_int_equal(error_set(NULL, -EINVAL, "nobody listens"), -EINVAL);
}

static void buffer_grows_and_shrinks(void **state _unused_)
{
	_cleanup_(buffer_free) struct buffer buffer = BUFFER_INIT;

	assert_string_equal(buffer_text(&buffer), "");
	for (int i = 0; i < 1000; i++)
		buffer_addf(&buffer, "%d,", i);
	assert_int_equal(buffer.size, 3890);
	buffer_consume(&buffer, 3886);
	assert_string_equal(buffer_text(&buffer), "999,");
	buffer_consume(&buffer, 100);
	assert_int_equal(buffer.size, 0);
	buffer_add(&buffer, "a\0b", 3);
	_cleanup_free_ char *text = buffer_take(&buffer);
	assert_memory_equal(text, "a\0b", 4);
	assert_null(buffer.data);
}

static void file_is_replaced_whole(void **state)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_free_ char *path = file_join(*state, "a/b/main.cf"), *text = NULL;
	_cleanup_free_ char *folder = file_join(*state, "a/b");
	struct stat before, after;

	assert_int_equal(file_make_folders(folder, 0750, &error), 0);
	assert_int_equal(file_replace(path, "one", 3, 0600, -1, -1, &error), 0);
	assert_int_equal(stat(path, &before), 0);
	assert_int_equal(file_replace(path, "two!", 4, 0640, -1, -1, &error), 0);
	assert_int_equal(stat(path, &after), 0);
	assert_int_not_equal(before.st_ino, after.st_ino);
	assert_int_equal(after.st_mode & 07777, 0640);
	assert_int_equal(file_read(path, 4, &text, NULL, &error), 0);
	assert_string_equal(text, "two!");
}

static void file_over_the_limit_is_refused(void **state)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_free_ char *path = file_join(*state, "large");
	char *text = NULL;

	assert_int_equal(file_replace(path, "12345", 5, 0600, -1, -1, &error), 0);
	assert_int_equal(file_read(path, 4, &text, NULL, &error), -EFBIG);
	assert_null(text);
}

static void file_replace_leaves_nothing_behind(void **state)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_free_ char *path = file_join(*state, "taken");
	_cleanup_closedir_ DIR *folder = NULL;
	struct dirent *entry;
	int names = 0;

	assert_int_equal(mkdir(path, 0700), 0); /* a folder cannot be replaced by a file */
	assert_int_equal(file_replace(path, "x", 1, 0600, -1, -1, &error), -EISDIR);
	folder = opendir(*state);
	while ((entry = readdir(folder)))
		names++;
	assert_int_equal(names, 3); /* . .. taken */
}

static void file_remove_does_not_follow_links(void **state)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_free_ char *tree = file_join(*state, "tree"), *kept = file_join(*state, "kept");
	_cleanup_free_ char *link = file_join(tree, "link");

	assert_int_equal(file_make_folders(tree, 0755, &error), 0);
	assert_int_equal(file_make_folders(kept, 0755, &error), 0);
	assert_int_equal(file_replace_link(link, kept, &error), 0);
	assert_int_equal(file_remove_tree(tree, &error), 0);
	assert_false(file_exists(tree));
	assert_true(file_exists(kept));
	assert_int_equal(file_remove_tree(tree, &error), 0);
}

static int read_foreign(const char *path)
{
	_cleanup_free_ char *text = NULL;
	size_t size = 0;
	int result = file_read_foreign(path, 10, &text, &size, NULL);

	if (result == 0)
		assert_string_equal(text, "whole");
	return result;
}

/* None of these may be followed, and none may be waited for. */
static void file_of_another_account_is_a_plain_file(void **state)
{
	const char *folder = *state;
	_cleanup_free_ char *path = file_join(folder, "plain");
	_cleanup_free_ char *other = file_join(folder, "other");

	assert_int_equal(file_replace(path, "whole", 5, 0644, (uid_t)-1, (gid_t)-1, NULL), 0);
	assert_int_equal(read_foreign(path), 0);
	assert_int_equal(read_foreign(other), -ENOENT);
	assert_int_equal(symlink(path, other), 0);
	assert_int_equal(read_foreign(other), -ELOOP);
	assert_int_equal(unlink(other), 0);
	assert_int_equal(link(path, other), 0);
	assert_int_equal(read_foreign(other), -EINVAL);
	assert_int_equal(unlink(other), 0);
	assert_int_equal(mkfifo(other, 0600), 0);
	assert_int_equal(read_foreign(other), -EINVAL);
	assert_int_equal(unlink(other), 0);
	assert_int_equal(mkdir(other, 0700), 0);
	assert_int_equal(read_foreign(other), -EINVAL);
	assert_int_equal(file_replace(path, "more than ten", 13, 0644, (uid_t)-1, (gid_t)-1, NULL),
			 0);
	assert_int_equal(read_foreign(path), -EFBIG);
}

static void folder_of_a_path(void **state _unused_)
{
	static const char *const CASES[][2] = {
	    {"main.cf", "."}, {"etc/main.cf", "etc"}, {"/etc/main.cf", "/etc"}, {"/etc", "/"}};

	for (size_t i = 0; i < ARRAY_SIZE(CASES); i++) {
		_cleanup_free_ char *folder = path_folder(CASES[i][0]);

		assert_string_equal(folder, CASES[i][1]);
	}
}

/* A descriptor of another open file description, as another process has it. */
static int lock_elsewhere(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	assert_int_equal(flock(fd, LOCK_EX), 0);
	return fd;
}

static void lock_is_taken_and_given_back(void **state)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_free_ char *path = file_join(*state, "lock"), *text = NULL, *name = NULL;
	struct stat status;
	int first = -1, second = -1;

	assert_int_equal(file_lock(path, 0, &first, &error), 0);
	assert_int_equal(fstat(first, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	assert_int_equal(file_lock(path, 0, &second, &error), -ETIME);
	assert_int_equal(second, -1);
	assert_int_equal(file_read(path, 100, &text, NULL, NULL), 0);
	assert_true(asprintf(&name, "test_base[%d]", getpid()) > 0);
	assert_string_equal(text, name);
	assert_non_null(strstr(error_text(&error), name)); /* who is waited for */
	close(first);
	assert_int_equal(file_lock(path, 0, &second, &error), 0);
	close(second);
}

static void lock_gives_up_at_its_deadline(void **state)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_free_ char *path = file_join(*state, "lock");
	_cleanup_close_ int held = lock_elsewhere(path);
	struct sigaction before, after;
	sigset_t blocked, mask;
	int fd = -1;

	sigemptyset(&blocked);
	sigaddset(&blocked, SIGALRM); /* a caller that blocks it waits no longer */
	sigprocmask(SIG_BLOCK, &blocked, NULL);
	sigaction(SIGALRM, NULL, &before);
	int64_t start = clock_now_ms();
	assert_int_equal(file_lock(path, 50, &fd, &error), -ETIME);
	assert_true(clock_now_ms() - start >= 50);
	assert_non_null(strstr(error_text(&error), "another process has not let go"));
	sigprocmask(SIG_UNBLOCK, &blocked, &mask);
	assert_true(sigismember(&mask, SIGALRM));
	sigaction(SIGALRM, NULL, &after);
	assert_ptr_equal(before.sa_handler, after.sa_handler);
}

static bool lock_waiter(const char *locks, pid_t pid)
{
	_cleanup_free_ char *waiter = NULL;

	assert_true(asprintf(&waiter, "-> FLOCK  ADVISORY  WRITE %d ", pid) > 0);
	return strstr(locks, waiter) != NULL;
}

/* The child waits for our lock and takes it when we let go. */
static void lock_is_waited_for(void **state)
{
	_cleanup_free_ char *path = file_join(*state, "lock"), *text = NULL;
	int held = lock_elsewhere(path), fd = -1, status;
	pid_t child = fork();

	if (child == 0) {
		close(held);
		_exit(file_lock(path, 60000, &fd, NULL) == 0 ? 0 : 1);
	}
	do { /* /proc/locks shows a waiter with an arrow */
		free(text);
		text = NULL;
		assert_int_equal(file_read("/proc/locks", 1 << 20, &text, NULL, NULL), 0);
		assert_int_equal(waitpid(child, &status, WNOHANG), 0);
	} while (!lock_waiter(text, child));
	close(held);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static int run(const char *const *argv, int timeout_ms, const char *input, struct buffer *output,
	       struct error *error)
{
	struct process process = {.argv = argv,
				  .timeout_ms = timeout_ms,
				  .input = input,
				  .input_size = input ? strlen(input) : 0};

	return process_run(&process, output, error);
}

static void process_gives_output_and_status(void **state _unused_)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_(buffer_free) struct buffer output = BUFFER_INIT;
	const char *const argv[] = {"sh", "-c", "cat; echo end >&2; exit 3", NULL};

	assert_int_equal(run(argv, 10000, "given\n", &output, &error), 3);
	assert_string_equal(buffer_text(&output), "given\nend\n");
}

static void process_takes_a_large_input(void **state _unused_)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_(buffer_free) struct buffer output = BUFFER_INIT;
	const char *const argv[] = {"wc", "-c", NULL};
	char *input = malloc(1 << 20);

	memset(input, 'x', 1 << 20);
	input[(1 << 20) - 1] = '\0';
	assert_int_equal(run(argv, 10000, input, &output, &error), 0);
	assert_int_equal(atoi(buffer_text(&output)), (1 << 20) - 1);
	free(input);
}

/* It once stopped before the input was written. */
static void process_with_its_own_output_gets_all_its_input(void **state)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_free_ char *path = file_join(*state, "output"), *input = malloc(1 << 20);
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	struct process process = {.argv = (const char *const[]){"cat", NULL},
				  .timeout_ms = 10000,
				  .input = input,
				  .input_size = 1 << 20,
				  .output_fd = fd};
	struct stat status;

	memset(input, 'x', 1 << 20);
	assert_int_equal(process_run(&process, NULL, &error), 0);
	assert_int_equal(fstat(fd, &status), 0);
	assert_int_equal(status.st_size, 1 << 20);
}

static void process_output_is_limited(void **state _unused_)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_(buffer_free) struct buffer output = BUFFER_INIT;
	struct process process = {
	    .argv = (const char *const[]){"head", "-c", "1000000", "/dev/zero", NULL},
	    .timeout_ms = 10000,
	    .output_limit = 1000};

	assert_int_equal(process_run(&process, &output, &error), 0);
	assert_int_equal(output.size, 1000);
}

static void process_is_killed_at_its_deadline(void **state _unused_)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	const char *const argv[] = {"sh", "-c", "sleep 60 & wait", NULL};
	int64_t start = clock_now_ms();

	assert_int_equal(run(argv, 100, NULL, NULL, &error), -ETIME);
	assert_true(clock_now_ms() - start < 30000);
}

static void count_signal(int number _unused_)
{
}

/* A signal once ended the waiting, and with it the deadline. */
static void process_deadline_holds_under_signals(void **state _unused_)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	const struct sigaction counted = {.sa_handler = count_signal};
	const struct itimerval often = {.it_interval = {.tv_usec = 5000},
					.it_value = {.tv_usec = 5000}};
	const struct itimerval never = {.it_value = {0}};
	const char *const argv[] = {"sleep", "60", NULL};
	struct sigaction before;
	int64_t start = clock_now_ms();

	sigaction(SIGALRM, &counted, &before);
	setitimer(ITIMER_REAL, &often, NULL);
	int result = run(argv, 200, NULL, NULL, &error);
	setitimer(ITIMER_REAL, &never, NULL);
	sigaction(SIGALRM, &before, NULL);
	assert_int_equal(result, -ETIME);
	assert_true(clock_now_ms() - start < 30000);
}

static void process_output_held_by_a_grandchild_does_not_hold_us(void **state _unused_)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_(buffer_free) struct buffer output = BUFFER_INIT;
	const char *const argv[] = {"sh", "-c", "sleep 5 & echo started", NULL};
	int64_t start = clock_now_ms();

	assert_int_equal(run(argv, 20000, NULL, &output, &error), 0);
	assert_string_equal(buffer_text(&output), "started\n");
	assert_true(clock_now_ms() - start < 4000);
}

static unsigned pipes_broken;

static void count_broken_pipe(int number _unused_)
{
	pipes_broken++;
}

static void process_that_does_not_read_leaves_our_signals_alone(void **state _unused_)
{
	static char input[1024 * 1024];
	static const char *const argv[] = {"true", NULL};
	const struct process process = {
	    .argv = argv, .timeout_ms = 10000, .input = input, .input_size = sizeof(input)};
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	sigset_t pending;

	signal(SIGPIPE, count_broken_pipe);
	assert_int_equal(process_run(&process, NULL, &error), 0);
	assert_int_equal(pipes_broken, 0);
	assert_int_equal(sigpending(&pending) < 0 || sigismember(&pending, SIGPIPE), 0);
	assert_ptr_equal(signal(SIGPIPE, SIG_DFL), count_broken_pipe);
}

static void process_that_is_not_there_is_an_error(void **state _unused_)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	const char *const argv[] = {"/nonexistent/checker", NULL};

	assert_int_equal(run(argv, 1000, NULL, NULL, &error), -ENOENT);
	assert_non_null(strstr(error_text(&error), "/nonexistent/checker: cannot run"));
}

/* The command line of a program with one option of each kind. */
struct line {
	int chosen;
	bool on;
	const char *value;
	unsigned taken;
};

static int take_digit(void *into, const char *text, struct error *error)
{
	unsigned *digit = into;

	if (text[0] < '0' || text[0] > '9' || text[1])
		return error_set(error, EINVAL, "--digit %s: write 0 to 9", text);
	*digit = (unsigned)(text[0] - '0');
	return 0;
}

static int read_line(struct line *line, char **argv, int least, int most)
{
	const struct command_option options[] = {
	    {"first", .flag = &line->chosen, .set = 1},
	    {"second", .flag = &line->chosen, .set = 2},
	    {"on", .on = &line->on},
	    {"value", .value = &line->value},
	    {"digit", .take = take_digit, .into = &line->taken},
	};
	int argc = 0;

	while (argv[argc])
		argc++;
	return COMMAND_OPTIONS(argc, argv, options, "usage: program [OPTION...]\n", least, most);
}
#define READ_LINE(line, least, most, ...)                                                          \
	read_line(line, (char *[]){"program", __VA_ARGS__, NULL}, least, most)

static void options_of_each_kind_are_kept(void **state _unused_)
{
	struct line line = {0};

	assert_int_equal(READ_LINE(&line, 1, 1, "--first", "--on", "word", "--second", "--value=a",
				   "--value", "b", "--digit=7"),
			 COMMAND_GO_ON);
	assert_int_equal(line.chosen, 2);
	assert_true(line.on);
	assert_string_equal(line.value, "b");
	assert_int_equal(line.taken, 7);
	assert_int_equal(optind, 8); /* before the one word that is no option */
}

static void options_that_are_wrong_are_bad_usage(void **state _unused_)
{
	struct line line = {0};

	assert_int_equal(READ_LINE(&line, 0, 9, "--none"), COMMAND_USAGE);
	assert_int_equal(READ_LINE(&line, 0, 9, "--value"), COMMAND_USAGE);
	assert_int_equal(READ_LINE(&line, 0, 9, "--on=yes"), COMMAND_USAGE);
	assert_int_equal(READ_LINE(&line, 0, 9, "--digit=x"), COMMAND_USAGE);
	assert_int_equal(READ_LINE(&line, 2, 3, "one"), COMMAND_USAGE);
	assert_int_equal(READ_LINE(&line, 0, 1, "one", "two"), COMMAND_USAGE);
	assert_int_equal(READ_LINE(&line, 1, 1, "--help"), COMMAND_GOOD);
	assert_int_equal(READ_LINE(&line, 1, 1, "--version"), COMMAND_GOOD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(error_gains_context),
	    cmocka_unit_test(buffer_grows_and_shrinks),
	    folder_test(file_is_replaced_whole),
	    folder_test(file_over_the_limit_is_refused),
	    folder_test(file_replace_leaves_nothing_behind),
	    folder_test(file_remove_does_not_follow_links),
	    folder_test(file_of_another_account_is_a_plain_file),
	    cmocka_unit_test(folder_of_a_path),
	    folder_test(lock_is_taken_and_given_back),
	    folder_test(lock_gives_up_at_its_deadline),
	    folder_test(lock_is_waited_for),
	    cmocka_unit_test(process_gives_output_and_status),
	    cmocka_unit_test(process_takes_a_large_input),
	    folder_test(process_with_its_own_output_gets_all_its_input),
	    cmocka_unit_test(process_output_is_limited),
	    cmocka_unit_test(process_is_killed_at_its_deadline),
	    cmocka_unit_test(process_deadline_holds_under_signals),
	    cmocka_unit_test(process_output_held_by_a_grandchild_does_not_hold_us),
	    cmocka_unit_test(process_that_does_not_read_leaves_our_signals_alone),
	    cmocka_unit_test(process_that_is_not_there_is_an_error),
	    cmocka_unit_test(options_of_each_kind_are_kept),
	    cmocka_unit_test(options_that_are_wrong_are_bad_usage),
	};

	return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
