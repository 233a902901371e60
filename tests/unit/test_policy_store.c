// SPDX-License-Identifier: GPL-3.0-or-later
/* What the policy service keeps: rows in memory, and their copy on the disk. */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "policy/known.h"
#include "policy/store.h"
#include "policy/store_file.h"

enum { NOW = 1800000000, DAY = 86400, WRITTEN_LIMIT = 10000 };

static struct store *opened(const char *path)
{
	struct error told = ERROR_INIT;
	struct store *store = store_open(path, NOW, &told);

	assert_non_null(store);
	assert_int_equal(told.code, 0);
	return store;
}

static void rows_are_found_and_change(void **state _unused_)
{
	_cleanup_(store_close) struct store *store = opened(NULL);
	struct store_row *row;

	assert_null(store_find(store, STORE_WRITTEN, "a.example"));
	row = store_take(store, STORE_WRITTEN, "a.example", NOW);
	assert_int_equal(row->begun, NOW);
	row->count = 7;
	row = store_take(store, STORE_WRITTEN, "a.example", NOW + 5);
	assert_int_equal(row->begun, NOW);
	assert_int_equal(row->seen, NOW + 5);
	assert_int_equal(row->count, 7);
	assert_string_equal(store_find(store, STORE_WRITTEN, "a.example")->key, "a.example");
	assert_int_equal(store_count(store, STORE_WRITTEN), 1);
	store_drop(store, STORE_WRITTEN, "a.example");
	store_drop(store, STORE_WRITTEN, "b.example");
	assert_null(store_find(store, STORE_WRITTEN, "a.example"));
	assert_int_equal(store_count(store, STORE_WRITTEN), 0);
}

static void a_long_key_is_cut(void **state _unused_)
{
	_cleanup_(store_close) struct store *store = opened(NULL);
	char key[2 * STORE_KEY];

	memset(key, 'k', sizeof(key) - 1);
	key[sizeof(key) - 1] = '\0';
	assert_non_null(store_take(store, STORE_WRITTEN, key, NOW));
	assert_int_equal(strlen(store_find(store, STORE_WRITTEN, key)->key), STORE_KEY - 1);
}

static void the_one_not_seen_for_longest_goes(void **state _unused_)
{
	_cleanup_(store_close) struct store *store = opened(NULL);
	struct error told = ERROR_INIT;
	char name[32];

	for (int i = 0; i < WRITTEN_LIMIT; i++) {
		snprintf(name, sizeof(name), "n%d.example", i);
		store_take(store, STORE_WRITTEN, name, NOW);
	}
	store_take(store, STORE_WRITTEN, "n0.example", NOW + 1);
	store_take(store, STORE_WRITTEN, "one.more.example", NOW + 2);
	assert_int_equal(store_count(store, STORE_WRITTEN), WRITTEN_LIMIT);
	assert_non_null(store_find(store, STORE_WRITTEN, "n0.example"));
	assert_null(store_find(store, STORE_WRITTEN, "n1.example"));
	store_tick(store, 0, NOW + 400 * DAY + 1, &told);
	assert_int_equal(store_count(store, STORE_WRITTEN), 2);
}

static bool count_row(void *context, const struct store_row *row)
{
	const char **expected = context;

	assert_string_equal(row->key, *expected);
	*expected = "b.example";
	return true;
}

/* What was said is there after the next start, and so is what was taken back. */
static void rows_outlive_the_process(void **state)
{
	_cleanup_free_ char *path = file_join(*state, "store");
	const char *expected = "c.example";
	struct store *store = opened(path);
	struct store_row *row = store_take(store, STORE_WRITTEN, "a.example", NOW);

	row->until = NOW + 9;
	row->count = 3;
	row->other = 4;
	store_take(store, STORE_WRITTEN, "b.example", NOW + 1);
	store_close(&store);
	store = opened(path);
	assert_int_equal(store_find(store, STORE_WRITTEN, "a.example")->until, NOW + 9);
	assert_int_equal(store_find(store, STORE_WRITTEN, "a.example")->count, 3);
	assert_int_equal(store_find(store, STORE_WRITTEN, "a.example")->other, 4);
	store_drop(store, STORE_WRITTEN, "a.example");
	store_take(store, STORE_WRITTEN, "c.example", NOW + 2);
	store_close(&store);
	store = opened(path);
	assert_int_equal(store_count(store, STORE_WRITTEN), 2);
	store_walk(store, STORE_WRITTEN, count_row, &expected);
	store_close(&store);
}

/* Until all that changed is on the disk, as the loop does it. */
static void write_out(struct store *store)
{
	int64_t deadline = clock_now_ms() + 10000;

	while (store_due(store) != INT64_MAX) {
		struct error told = ERROR_INIT;

		assert_true(clock_left_ms(deadline) > 0);
		store_tick(store, clock_now_ms(), NOW, &told);
		assert_int_equal(told.code, 0);
		usleep(10000);
	}
}

/* One that is killed has lost nothing that is older than a second or two: nobody closed its file,
 * and what stands in the log counts. */
static void what_was_committed_outlives_a_kill(void **state)
{
	_cleanup_free_ char *path = file_join(*state, "store");
	struct store *store;
	int status;
	pid_t child = fork();

	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		store = opened(path);
		for (int i = 0; i < 5000; i++) {
			char name[32];

			snprintf(name, sizeof(name), "n%d.example", i);
			store_take(store, STORE_WRITTEN, name, NOW);
		}
		write_out(store);
		usleep(500000); /* the last batch was given, and is not waited for */
		raise(SIGKILL);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	store = opened(path);
	assert_int_equal(store_count(store, STORE_WRITTEN), 5000);
	store_close(&store);
}

static void no_row(void *context _unused_, const char *kind _unused_,
		   const struct store_row *row _unused_)
{
	fail_msg("a row in a new file");
}

static const char *pragma(const struct store_file *file, const char *text)
{
	static char value[32];
	sqlite3_stmt *statement;

	assert_int_equal(sqlite3_prepare_v2(file->db, text, -1, &statement, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	snprintf(value, sizeof(value), "%s", sqlite3_column_text(statement, 0));
	sqlite3_finalize(statement);
	return value;
}

/* What no test can see without a power cut: a commit is on the disk when it is made. */
static void a_commit_is_on_the_disk(void **state)
{
	_cleanup_free_ char *path = file_join(*state, "store");
	struct error error = ERROR_INIT;
	struct store_file file;

	assert_int_equal(store_file_open(&file, path, no_row, NULL, &error), 0);
	assert_string_equal(pragma(&file, "PRAGMA synchronous"), "2");
	assert_string_equal(pragma(&file, "PRAGMA journal_mode"), "wal");
	assert_string_equal(pragma(&file, "PRAGMA locking_mode"), "exclusive");
	store_file_close(&file);
}

static void overwrite(const char *path, off_t at, const char *text)
{
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_int_equal(pwrite(fd, text, strlen(text), at), strlen(text));
}

static void a_damaged_file_is_set_aside(void **state)
{
	_cleanup_free_ char *path = file_join(*state, "store");
	_cleanup_free_ char *aside = file_join(*state, "store.damaged");
	struct error told = ERROR_INIT;
	struct store *store;

	overwrite(path, 0, "this is no database at all, and never was one; but it is long enough");
	store = store_open(path, NOW, &told);
	assert_non_null(store);
	assert_int_equal(told.code, -EUCLEAN);
	assert_non_null(strstr(error_text(&told), "store.damaged"));
	assert_true(file_exists(aside));
	error_clear(&told);
	store_take(store, STORE_WRITTEN, "a.example", NOW);
	store_close(&store);
	store = opened(path);
	assert_non_null(store_find(store, STORE_WRITTEN, "a.example"));
	store_close(&store);
	/* And one whose pages are not what they were. */
	overwrite(path, 4096 + 8, "garbage garbage garbage garbage garbage");
	overwrite(path, 2 * 4096, "garbage garbage garbage garbage garbage");
	store = store_open(path, NOW, &told);
	assert_int_equal(told.code, -EUCLEAN);
	assert_int_equal(store_count(store, STORE_WRITTEN), 0);
	store_close(&store);
	error_clear(&told);
}

static void limit_files(rlim_t size)
{
	struct rlimit limit = {size, RLIM_INFINITY};

	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* Ticks, with a clock that is as fast as it wants, until the disk is in trouble or out of it. */
static void tick_until(struct store *store, int64_t *now_ms, bool trouble, struct error *told)
{
	int64_t deadline = clock_now_ms() + 10000;

	while ((store_trouble(store) != NULL) != trouble ||
	       (!trouble && store_due(store) != INT64_MAX)) {
		assert_true(clock_left_ms(deadline) > 0);
		*now_ms += 500;
		store_tick(store, *now_ms, NOW, told);
		usleep(1000);
	}
}

/* It goes on answering, says it once, and writes all of it when there is room again. */
static void a_full_disk_is_said_and_waited_for(void **state)
{
	_cleanup_free_ char *path = file_join(*state, "store");
	struct error told = ERROR_INIT;
	struct store *store = opened(path);
	int64_t now_ms = clock_now_ms();

	signal(SIGXFSZ, SIG_IGN);
	store_take(store, STORE_WRITTEN, "old.example", NOW);
	tick_until(store, &now_ms, false, &told);
	limit_files(4096);
	for (int i = 0; i < 500; i++) {
		char name[32];

		snprintf(name, sizeof(name), "n%d.example", i);
		store_take(store, STORE_WRITTEN, name, NOW);
	}
	store_drop(store, STORE_WRITTEN, "old.example");
	tick_until(store, &now_ms, true, &told);
	assert_int_not_equal(told.code, 0);
	error_clear(&told);
	assert_non_null(store_find(store, STORE_WRITTEN, "n499.example"));
	for (int i = 0; i < 50; i++) /* not once more, however often it fails */
		store_tick(store, now_ms += 1000, NOW, &told);
	assert_int_equal(told.code, 0);
	limit_files(RLIM_INFINITY);
	store_take(store, STORE_WRITTEN, "n499.example", NOW);
	tick_until(store, &now_ms, false, &told);
	store_close(&store);
	store = opened(path);
	assert_int_equal(store_count(store, STORE_WRITTEN), 500);
	assert_null(store_find(store, STORE_WRITTEN, "old.example"));
	store_close(&store);
}

/* A folder that is not there: it works, and forgets. */
static void without_a_disk_it_works(void **state)
{
	_cleanup_free_ char *path = file_join(*state, "nowhere/store");
	struct error told = ERROR_INIT;
	struct store *store = store_open(path, NOW, &told);

	assert_non_null(store);
	assert_int_not_equal(told.code, 0);
	assert_non_null(store_take(store, STORE_WRITTEN, "a.example", NOW));
	assert_non_null(store_find(store, STORE_WRITTEN, "a.example"));
	assert_true(store_due(store) == INT64_MAX);
	store_close(&store);
	error_clear(&told);
}

static void who_was_written_to_is_taken_over(void **state)
{
	static const char text[] = "20000 good.example\nx bad.example\n20000\n20000 a..b\n\0\n"
				   "20001 also.good.example\n20000 cut.off";
	_cleanup_free_ char *path = file_join(*state, "store"), *old = file_join(*state, "known");
	struct error error = ERROR_INIT;
	struct store *store = opened(path);

	known_take_over(store, old, NOW, &error); /* nothing there */
	assert_int_equal(error.code, 0);
	assert_int_equal(
	    file_replace(old, text, sizeof(text) - 1, 0600, (uid_t)-1, (gid_t)-1, &error), 0);
	known_take_over(store, old, NOW, &error);
	assert_int_equal(store_count(store, STORE_WRITTEN), 2);
	assert_int_equal(store_find(store, STORE_WRITTEN, "also.good.example")->seen, 20001 * DAY);
	assert_true(file_exists(old)); /* the disk has nothing of it yet */
	store_close(&store);
	store = opened(path);
	assert_true(known_has(store, "good.example"));
	known_take_over(store, old, NOW, &error);
	assert_int_equal(error.code, 0);
	assert_false(file_exists(old));
	store_close(&store);
}

static void a_domain_is_noted_once_a_day(void **state _unused_)
{
	_cleanup_(store_close) struct store *store = opened(NULL);

	known_add(store, "a.example", NOW);
	known_add(store, "a.example", NOW + 3600);
	assert_int_equal(store_find(store, STORE_WRITTEN, "a.example")->seen, NOW);
	known_add(store, "a.example", NOW + DAY);
	assert_int_equal(store_find(store, STORE_WRITTEN, "a.example")->seen, NOW + DAY);
	known_add(store, "a.example", NOW); /* the clock was wrong */
	assert_int_equal(store_find(store, STORE_WRITTEN, "a.example")->seen, NOW);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rows_are_found_and_change),
	    cmocka_unit_test(a_long_key_is_cut),
	    cmocka_unit_test(the_one_not_seen_for_longest_goes),
	    folder_test(rows_outlive_the_process),
	    folder_test(what_was_committed_outlives_a_kill),
	    folder_test(a_commit_is_on_the_disk),
	    folder_test(a_damaged_file_is_set_aside),
	    folder_test(a_full_disk_is_said_and_waited_for),
	    folder_test(without_a_disk_it_works),
	    folder_test(who_was_written_to_is_taken_over),
	    cmocka_unit_test(a_domain_is_noted_once_a_day),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
