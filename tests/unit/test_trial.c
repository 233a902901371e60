// SPDX-License-Identifier: GPL-3.0-or-later
/* firstboot/trial.c and judge.c: the self-tests decide whether a change stays. */
#include "fakes.h"

#include "key/key.h"

#define GOOD	 POSTFIX_LINE("default_process_limit = 7")
#define BROKEN	 POSTFIX_LINE("break_it = 1")
#define UNLOADED POSTFIX_LINE("stay_away = 1")

static void boot_first(void)
{
	_cleanup_(run_clear) struct run applied = RUN_INIT, judged = RUN_INIT;

	machine_boots(&applied, &judged);
	assert_int_equal(applied.result, 0);
	assert_int_equal(judged.result, 0);
	assert_false(judged.judged);
	fake_forget_calls();
}

static void trial_write(const char *text)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_free_ char *path = file_join(machine.state, "trial");

	assert_int_equal(file_replace(path, text, strlen(text), 0644, (uid_t)-1, (gid_t)-1, &error),
			 0);
}

static bool trial_is_there(void)
{
	_cleanup_free_ char *path = file_join(machine.state, "trial");

	return file_exists(path);
}

static void a_trial_is_read_as_it_was_written(void **state _unused_)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_(trial_clear) struct trial read = TRIAL_INIT;
	const struct trial written = {(char *)"generations/12", (char *)"generations/9", KEY_BIT(0),
				      true};

	assert_int_equal(trial_read(machine.state, &read, &error), -ENOENT);
	assert_int_equal(trial_begin(machine.state, &written, &error), 0);
	assert_int_equal(trial_read(machine.state, &read, &error), 0);
	assert_string_equal(read.generation, "generations/12");
	assert_string_equal(read.previous, "generations/9");
	assert_int_equal(read.keys, KEY_BIT(0));
	assert_true(read.drifted);
	assert_int_equal(trial_end(machine.state, &error), 0);
	assert_int_equal(trial_end(machine.state, &error), 0);
	assert_false(trial_is_there());
}

static void a_damaged_trial_is_none_and_goes(void **state _unused_)
{
	static const char *const damaged[] = {
	    "",
	    "{\"generation\": \"generations/2\"",
	    "{\"generation\": \"generations/2\", \"previous\": 1}",
	    "{\"generation\": \"generations/2\", \"previous\": \"generations/\"}",
	    "{\"generation\": \"generations/2\", \"previous\": \"generations/1/..\"}",
	    "{\"generation\": \"../../etc\", \"previous\": \"generations/1\"}",
	};

	for (size_t i = 0; i < ARRAY_SIZE(damaged); i++) {
		_cleanup_(error_clear) struct error error = ERROR_INIT;
		_cleanup_(trial_clear) struct trial read = TRIAL_INIT;

		trial_write(damaged[i]);
		assert_int_equal(trial_read(machine.state, &read, &error), -ENOENT);
		assert_false(trial_is_there());
	}
}

static void a_change_that_passes_stays(void **state _unused_)
{
	_cleanup_(run_clear) struct run applied = RUN_INIT, judged = RUN_INIT;

	boot_first();
	machine_applies(GOOD, &applied);
	assert_true(trial_is_there());
	machine_judge(&judged, &machine.apply, true);
	assert_int_equal(judged.result, 0);
	assert_true(judged.judged);
	assert_int_equal(judged.outcome.result, APPLY_APPLIED);
	assert_string_equal(machine_in_force(), "generations/2");
	assert_string_equal(fake_unit_runs_on("postfix.service"), "generations/2");
	assert_string_equal(fake_unit_runs_on("dovecot.service"), "generations/1");
	assert_true(says(judged.outcome.reloaded, "postfix.service"));
	assert_int_equal(json_array_size(judged.outcome.reloaded), 1);
	assert_false(trial_is_there());
}

/* The two generations are alike; what the daemons run on is not. */
static void what_was_changed_by_hand_is_taken_by_the_daemons(void **state _unused_)
{
	_cleanup_(run_clear) struct run applied = RUN_INIT, judged = RUN_INIT;

	boot_first();
	machine_system("echo my_own = 1 >>%s/current/etc/postfix/main.cf", machine.state);
	machine_apply_settings(&applied);
	machine_judge(&judged, &machine.apply, true);
	assert_int_equal(judged.result, 0);
	assert_int_equal(judged.outcome.result, APPLY_APPLIED);
	assert_string_equal(fake_unit_runs_on("postfix.service"), "generations/2");
	assert_string_equal(fake_unit_runs_on("dovecot.service"), "generations/2");
}

static void a_change_that_breaks_mail_is_taken_back(void **state _unused_)
{
	_cleanup_(run_clear) struct run applied = RUN_INIT, judged = RUN_INIT;

	boot_first();
	machine_changes(BROKEN, &applied, &judged);
	assert_int_equal(judged.result, 0);
	assert_int_equal(judged.outcome.result, APPLY_REVERTED);
	assert_true(
	    says(judged.outcome.errors, "the change was taken back: smtp: 220 was awaited"));
	assert_string_equal(judged.outcome.generation, "generations/1");
	assert_string_equal(machine_in_force(), "generations/1");
	assert_string_equal(fake_unit_runs_on("postfix.service"), "generations/1");
	assert_int_equal(fake_called("systemctl restart postcask-verify.service"), 2);
	assert_false(trial_is_there());
}

static void a_daemon_that_does_not_take_it_takes_it_back(void **state _unused_)
{
	_cleanup_(run_clear) struct run applied = RUN_INIT, judged = RUN_INIT;

	boot_first();
	machine_changes(UNLOADED, &applied, &judged);
	assert_int_equal(judged.result, 0);
	assert_int_equal(judged.outcome.result, APPLY_REVERTED);
	assert_true(says(judged.outcome.errors, "reload: the daemons did not take the change: Job "
						"for postfix.service failed: ?"));
	assert_string_equal(machine_in_force(), "generations/1");
	assert_string_equal(fake_unit_runs_on("postfix.service"), "generations/1");
}

/* The machine is ill, not the change: both fail in the same way. */
static void a_change_is_not_blamed_for_what_failed_before(void **state _unused_)
{
	_cleanup_(run_clear) struct run applied = RUN_INIT, judged = RUN_INIT;

	boot_first();
	fake->ill = true;
	machine_changes(GOOD, &applied, &judged);
	assert_int_equal(judged.result, 0);
	assert_int_equal(judged.outcome.result, APPLY_APPLIED);
	assert_true(says(judged.outcome.notes, "disk failed with the settings before as well"));
	assert_string_equal(machine_in_force(), "generations/2");
	assert_string_equal(fake_unit_runs_on("postfix.service"), "generations/2");
	assert_int_equal(fake_called("systemctl restart postcask-verify.service"), 3);
	assert_false(trial_is_there());
}

static void an_ill_machine_does_not_hide_a_change_that_breaks_mail(void **state _unused_)
{
	_cleanup_(run_clear) struct run applied = RUN_INIT, judged = RUN_INIT;

	boot_first();
	fake->ill = true;
	machine_changes(BROKEN, &applied, &judged);
	assert_int_equal(judged.outcome.result, APPLY_REVERTED);
	assert_true(says(judged.outcome.errors, "smtp"));
	assert_false(says(judged.outcome.errors, "disk"));
	assert_string_equal(machine_in_force(), "generations/1");
}

static void a_change_mends_what_failed_before(void **state _unused_)
{
	_cleanup_(run_clear) struct run applied = RUN_INIT, judged = RUN_INIT;

	boot_first();
	fake->ill = true;
	machine_changes(GOOD, &applied, &judged);
	fake->ill = false;
	fake_forget_calls();
	machine_changes("", &applied, &judged);
	assert_int_equal(judged.outcome.result, APPLY_APPLIED);
	assert_int_equal(fake_called("systemctl restart postcask-verify.service"), 1);
}

/* A report of before must not be taken for the one to come. */
static void self_tests_that_say_nothing_prove_nothing(void **state _unused_)
{
	_cleanup_(run_clear) struct run applied = RUN_INIT, judged = RUN_INIT;

	boot_first();
	fake->mute = true;
	machine_changes(GOOD, &applied, &judged);
	assert_int_equal(judged.result, 0);
	assert_false(machine_file_has("run/verify/report.json", ""));
	/* neither proves anything, so the change is not to blame: as with an ill machine */
	assert_int_equal(judged.outcome.result, APPLY_APPLIED);
	assert_true(says(judged.outcome.notes, "self-tests failed with the settings before"));
}

static void a_report_that_is_none_proves_nothing(void **state _unused_)
{
	static const char *const reports[] = {
	    "",
	    "[]",
	    "{\"probes\": []}",
	    "{\"probes\": [5]}",
	    "{\"probes\": [{\"name\": \"smtp\"}]}",
	    "{\"probes\": [{\"name\": \"smtp\", \"result\": \"PASSED\"}]}",
	};
	_cleanup_free_ char *path = machine_path("run/verify/report.json");
	_cleanup_(run_clear) struct run applied = RUN_INIT, judged = RUN_INIT;

	boot_first();
	for (size_t i = 0; i < ARRAY_SIZE(reports); i++) {
		_cleanup_(error_clear) struct error error = ERROR_INIT;
		_cleanup_free_ char *before = strdup(machine_in_force()), *more = NULL;

		assert_true(asprintf(&more, POSTFIX_LINE("default_process_limit = %zu"), i + 1) >
			    0);
		machine_applies(more, &applied);
		assert_int_equal(applied.outcome.result, APPLY_APPLIED);
		assert_int_equal(file_replace(path, reports[i], strlen(reports[i]), 0644, (uid_t)-1,
					      (gid_t)-1, &error),
				 0);
		machine_judge(&judged, &machine.boot, false); /* and then the probes run */
		assert_int_equal(judged.outcome.result, APPLY_REVERTED);
		assert_string_equal(machine_in_force(), before);
	}
}

/* The probes' account may put anything there. */
static void a_report_that_is_a_link_is_not_read(void **state _unused_)
{
	_cleanup_(run_clear) struct run applied = RUN_INIT, judged = RUN_INIT;

	boot_first();
	machine_applies(GOOD, &applied);
	machine_system("cd %s/verify && mv report.json other && ln -s other report.json",
		       machine.run);
	machine_judge(&judged, &machine.boot, false);
	assert_int_equal(judged.outcome.result, APPLY_REVERTED);
	assert_true(says(judged.outcome.errors, "self-tests: they left no result"));
}

static void a_boot_judges_what_was_not_judged(void **state _unused_)
{
	_cleanup_(run_clear) struct run applied = RUN_INIT, judged = RUN_INIT;

	boot_first();
	machine_applies(BROKEN, &applied); /* and here the power goes */
	machine_boots(&applied, &judged);
	assert_int_equal(applied.outcome.result, APPLY_UNCHANGED);
	assert_true(judged.judged);
	assert_int_equal(judged.outcome.result, APPLY_REVERTED);
	assert_string_equal(machine_in_force(), "generations/1");
	assert_string_equal(fake_unit_runs_on("postfix.service"), "generations/1");
}

static void a_change_is_judged_before_the_next_one(void **state _unused_)
{
	_cleanup_(run_clear) struct run applied = RUN_INIT, judged = RUN_INIT;

	boot_first();
	machine_applies(BROKEN, &applied); /* and is killed */
	machine_changes(WITH_EXTRA(EXTRA("dovecot", "break_it = 1")), &applied, &judged);
	assert_int_equal(judged.outcome.result, APPLY_REVERTED);
	assert_string_equal(machine_in_force(), "generations/1");
	assert_string_equal(fake_unit_runs_on("postfix.service"), "generations/1");
	assert_string_equal(fake_unit_runs_on("dovecot.service"), "generations/1");
}

/* The power goes before a change is judged, and the next boot brings another one: the way back
 * is to what was proved. */
static void a_boots_change_does_not_go_back_to_what_was_never_judged(void **state _unused_)
{
	_cleanup_(run_clear) struct run applied = RUN_INIT, judged = RUN_INIT;

	boot_first();
	machine_applies(BROKEN, &applied); /* and here the power goes */
	machine_user_data(WITH_EXTRA(EXTRA("postfix", "break_it = 2")));
	machine_boots(&applied, &judged);
	assert_int_equal(applied.outcome.result, APPLY_APPLIED);
	assert_int_equal(judged.outcome.result, APPLY_REVERTED);
	assert_string_equal(machine_in_force(), "generations/1");
	assert_string_equal(fake_unit_runs_on("postfix.service"), "generations/1");
}

/* Killed after the generation before was put in force, and before anybody was told. */
static void a_way_back_that_was_cut_off_is_gone_to_its_end(void **state _unused_)
{
	_cleanup_(run_clear) struct run applied = RUN_INIT, judged = RUN_INIT;

	boot_first();
	machine_changes(GOOD, &applied, &judged);
	assert_string_equal(fake_unit_runs_on("postfix.service"), "generations/2");
	trial_write("{\"generation\": \"generations/2\", \"previous\": \"generations/1\"}");
	machine_system("ln -sfn generations/1 %s/current", machine.state);
	machine_judge(&judged, &machine.apply, true);
	assert_int_equal(judged.result, 0);
	assert_true(judged.judged);
	assert_int_equal(judged.outcome.result, APPLY_REVERTED);
	assert_string_equal(judged.outcome.generation, "generations/1");
	assert_true(says(judged.outcome.errors, "the change was taken back"));
	assert_string_equal(fake_unit_runs_on("postfix.service"), "generations/1");
	assert_false(trial_is_there());
}

static void a_trial_of_what_is_not_in_force_is_over(void **state _unused_)
{
	static const char *const trials[] = {
	    "{\"generation\": \"generations/7\", \"previous\": \"generations/6\"}",
	    "{\"generation\": \"generations/7\", \"previous\": \"generations/1\"}",
	};
	_cleanup_(run_clear) struct run judged = RUN_INIT;

	boot_first();
	for (size_t i = 0; i < ARRAY_SIZE(trials); i++) {
		trial_write(trials[i]);
		machine_judge(&judged, &machine.apply, true);
		assert_int_equal(judged.result, 0);
		assert_false(judged.judged);
		assert_string_equal(fake->calls, "");
		assert_false(trial_is_there());
	}
}

static void without_the_generation_before_the_change_stays(void **state _unused_)
{
	_cleanup_(run_clear) struct run applied = RUN_INIT, judged = RUN_INIT;

	boot_first();
	machine_applies(BROKEN, &applied);
	machine_system("rm -r %s/generations/1", machine.state);
	machine_judge(&judged, &machine.apply, true);
	assert_int_equal(judged.result, 0);
	assert_true(says(judged.outcome.notes, "this change cannot be taken back"));
	assert_string_equal(machine_in_force(), "generations/2");
	assert_false(trial_is_there());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    machine_test(a_trial_is_read_as_it_was_written),
	    machine_test(a_damaged_trial_is_none_and_goes),
	    machine_test(a_change_that_passes_stays),
	    machine_test(what_was_changed_by_hand_is_taken_by_the_daemons),
	    machine_test(a_change_that_breaks_mail_is_taken_back),
	    machine_test(a_daemon_that_does_not_take_it_takes_it_back),
	    machine_test(a_change_is_not_blamed_for_what_failed_before),
	    machine_test(an_ill_machine_does_not_hide_a_change_that_breaks_mail),
	    machine_test(a_change_mends_what_failed_before),
	    machine_test(self_tests_that_say_nothing_prove_nothing),
	    machine_test(a_report_that_is_none_proves_nothing),
	    machine_test(a_report_that_is_a_link_is_not_read),
	    machine_test(a_boot_judges_what_was_not_judged),
	    machine_test(a_change_is_judged_before_the_next_one),
	    machine_test(a_boots_change_does_not_go_back_to_what_was_never_judged),
	    machine_test(a_way_back_that_was_cut_off_is_gone_to_its_end),
	    machine_test(a_trial_of_what_is_not_in_force_is_over),
	    machine_test(without_the_generation_before_the_change_stays),
	};

	return cmocka_run_group_tests_name("trial", tests, fakes_begin, fakes_end);
}
