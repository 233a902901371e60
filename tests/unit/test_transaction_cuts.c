// SPDX-License-Identifier: GPL-3.0-or-later
/* The transaction cut off after each thing that it changes on the disk (cuts.h): what is in
 * force afterwards is one generation whole, the daemons run on it, and running it again
 * finishes the work. */
#include "fakes.h"

/* The settings' one line that changes: main.cf then has "KEY = NUMBER". */
static void line_of(char text[64], const char *key, int number)
{
	snprintf(text, 64, "%s = %d\n", key, number);
}

static void give(const char *key, int number, void (*to)(const char *more))
{
	_cleanup_free_ char *more = NULL;

	assert_true(asprintf(&more, WITH_EXTRA("\"postfix\": \"%s = %d\""), key, number) > 0);
	to(more);
}

static bool generation_has(const char *generation, const char *key, int number)
{
	_cleanup_free_ char *name = NULL;
	char line[64];

	assert_true(asprintf(&name, "state/%s/etc/postfix/main.cf", generation) > 0);
	line_of(line, key, number);
	return machine_file_has(name, line);
}

static void boot_first(void)
{
	_cleanup_(run_clear) struct run applied = RUN_INIT, judged = RUN_INIT;

	machine_boots(&applied, &judged);
	assert_int_equal(applied.result, 0);
}

/* /run is in memory. */
static void lose_power(void)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;

	assert_int_equal(file_remove_tree(machine.run, &error), 0);
	machine_folders();
}

/* How many things later the next cut is.  Each moment is tried by `make soak`; else some, and of
 * the files of a generation, which are written in one way, always only some.  A fork costs a
 * sanitized program much. */
static int step(void)
{
	bool all = getenv("POSTCASK_CUTS") != NULL;
#ifdef __SANITIZE_ADDRESS__
	int some = 7;
#else
	int some = 3;
#endif

	if (machine_file_has("state/generations/.new/etc/postfix/main.cf", ""))
		return all ? 9 : 31;
	return all ? 1 : some;
}

/* Runs `work` cut off after *count things, and makes it those for the next time. */
static bool cut_off(enum cut_kind kind, void (*work)(void *context), int *count)
{
	bool was_cut = cut_run(kind, *count, machine.store, work, NULL);

	*count += step();
	return was_cut;
}

/* Each begins with the same work to do. */
static void remove_half_made(void)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_free_ char *half = machine_path("state/generations/.new");

	assert_int_equal(file_remove_tree(half, &error), 0);
}

static void assert_settled(void)
{
	_cleanup_free_ char *trial = machine_path("state/trial");

	assert_in_force_is_whole();
	assert_false(file_exists(trial));
	remove_half_made();
}

/* What is cut off: each runs in a child. */
static void boot(void *context _unused_)
{
	_cleanup_(run_clear) struct run applied = RUN_INIT, judged = RUN_INIT;

	machine_boots(&applied, &judged);
}

static void change(void *context _unused_)
{
	_cleanup_(run_clear) struct run run = RUN_INIT;

	machine_applies_given(&run);
	machine_judge(&run, &machine.apply, true);
}

static void boots_after_all(enum apply_result *ret_judged)
{
	_cleanup_(run_clear) struct run applied = RUN_INIT, judged = RUN_INIT;

	lose_power();
	machine_boots(&applied, &judged);
	if (applied.result < 0)
		fail_msg("%s", error_text(&applied.error));
	assert_int_equal(judged.result, 0);
	*ret_judged = judged.outcome.result;
	assert_settled();
}

static void first_boot_cut_by(enum cut_kind kind)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	enum apply_result judged;
	bool was_cut = true;
	int tried = 0;

	for (int count = (int)kind; was_cut; tried++) {
		assert_int_equal(file_remove_tree(machine.state, &error), 0);
		machine_folders();
		was_cut = cut_off(kind, boot, &count);
		boots_after_all(&judged);
	}
	assert_true(tried > 4);
}

static void a_first_boot_is_finished_by_the_next_one(void **state _unused_)
{
	first_boot_cut_by(CUT_KILLED);
	first_boot_cut_by(CUT_BYTES);
	first_boot_cut_by(CUT_NAMES);
}

/* The user-data says what counts, and the next boot has it too. */
static void boot_with_change_cut_by(enum cut_kind kind)
{
	enum apply_result judged;
	bool was_cut = true;
	int tried = 0;

	boot_first();
	for (int count = (int)kind, number = 1; was_cut; number++, tried++) {
		give("default_process_limit", number, machine_user_data);
		was_cut = cut_off(kind, boot, &count);
		boots_after_all(&judged);
		assert_true(generation_has("current", "default_process_limit", number));
	}
	assert_true(tried > 4);
}

static void a_boot_with_other_settings_is_finished_by_the_next_one(void **state _unused_)
{
	boot_with_change_cut_by(CUT_BYTES);
	boot_with_change_cut_by(CUT_NAMES);
}

static void a_boot_never_stays_on_settings_that_break_mail(void **state _unused_)
{
	enum apply_result judged;
	bool was_cut = true;

	boot_first();
	for (int count = 1, number = 1; was_cut; number++) {
		give("break_it", number, machine_user_data);
		was_cut = cut_off(CUT_NAMES, boot, &count);
		boots_after_all(&judged);
		assert_int_equal(judged, APPLY_REVERTED);
		assert_false(generation_has("current", "break_it", number));
	}
}

/* The process alone is killed, and its second half is still run by systemd; then the change
 * is tried again. */
static void a_change_that_is_killed_is_whole_or_not_there(void **state _unused_)
{
	_cleanup_(run_clear) struct run run = RUN_INIT;
	bool was_cut = true, before = false, after = false;
	int tried = 0;

	boot_first();
	for (int count = 1, number = 1; was_cut; number++, tried++) {
		give("default_process_limit", number, machine_gives);
		was_cut = cut_off(CUT_KILLED, change, &count);
		machine_judge(&run, &machine.apply, true);
		assert_int_equal(run.result, 0);
		assert_settled();
		bool is_new = generation_has("current", "default_process_limit", number);
		assert_int_equal(generation_has(fake_unit_runs_on("postfix.service"),
						"default_process_limit", number),
				 is_new);
		before |= !is_new;
		after |= is_new;
		change(NULL);
		assert_settled();
		assert_true(generation_has("current", "default_process_limit", number));
		assert_string_equal(fake_unit_runs_on("postfix.service"), machine_in_force());
	}
	assert_true(before && after && tried > 4);
}

static void a_killed_change_that_breaks_mail_never_stays(void **state _unused_)
{
	_cleanup_(run_clear) struct run run = RUN_INIT;
	bool was_cut = true;

	boot_first();
	for (int count = 1, number = 1; was_cut; number++) {
		give("break_it", number, machine_gives);
		was_cut = cut_off(CUT_KILLED, change, &count);
		machine_judge(&run, &machine.apply, true);
		assert_int_equal(run.result, 0);
		assert_settled();
		assert_false(generation_has("current", "break_it", number));
		assert_false(
		    generation_has(fake_unit_runs_on("postfix.service"), "break_it", number));
	}
}

/* The power goes during `postcask apply`. */
static void change_cut_by(enum cut_kind kind, const char *key, bool breaks)
{
	enum apply_result judged;
	bool was_cut = true;

	boot_first();
	for (int count = (int)kind, number = 1; was_cut; number++) {
		give(key, number, machine_gives);
		was_cut = cut_off(kind, change, &count);
		boots_after_all(&judged);
		assert_false(breaks && generation_has("current", key, number));
	}
	assert_int_equal(generation_has("current", key, 1), false);
}

static void a_power_cut_leaves_a_change_whole_or_not_there(void **state _unused_)
{
	change_cut_by(CUT_BYTES, "default_process_limit", false);
	change_cut_by(CUT_NAMES, "default_process_limit", false);
}

static void a_power_cut_never_leaves_a_change_that_breaks_mail(void **state _unused_)
{
	change_cut_by(CUT_NAMES, "break_it", true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    machine_test(a_first_boot_is_finished_by_the_next_one),
	    machine_test(a_boot_with_other_settings_is_finished_by_the_next_one),
	    machine_test(a_boot_never_stays_on_settings_that_break_mail),
	    machine_test(a_change_that_is_killed_is_whole_or_not_there),
	    machine_test(a_killed_change_that_breaks_mail_never_stays),
	    machine_test(a_power_cut_leaves_a_change_whole_or_not_there),
	    machine_test(a_power_cut_never_leaves_a_change_that_breaks_mail),
	};

	return cmocka_run_group_tests_name("transaction cuts", tests, fakes_begin, fakes_end);
}
