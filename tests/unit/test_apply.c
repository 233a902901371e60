// SPDX-License-Identifier: GPL-3.0-or-later
/* firstboot/apply.c: load, decide, render, prove, keys, commit. */
#include "fakes.h"

#include "generation/generation.h"

#define APPLIED_POSTFIX POSTFIX_LINE("default_process_limit = 7")

/* A machine after its first boot. */
static void boot_first(void)
{
	_cleanup_(run_clear) struct run applied = RUN_INIT, judged = RUN_INIT;

	machine_boots(&applied, &judged);
	assert_int_equal(applied.result, 0);
	assert_int_equal(applied.outcome.result, APPLY_APPLIED);
	assert_int_equal(judged.result, 0);
	fake_forget_calls();
}

static void assert_refused(const struct run *run, enum apply_result result, const char *words)
{
	assert_true(run->result < 0);
	assert_int_equal(run->outcome.result, result);
	if (!says(run->outcome.errors, words))
		fail_msg("\"%s\" does not say \"%s\"", error_text(&run->error), words);
	assert_string_equal(machine_in_force(), "generations/1");
	assert_int_equal(fake_called("systemctl"), 0);
}

static void a_first_boot_checks_everything_and_puts_it_in_force(void **state _unused_)
{
	static const char *const checkers[] = {
	    "check-postfix ",	    "sh -c exec doveconf ", "amavisd -c ",
	    "clamd --config-file=", "freshclam ",	    "unbound-checkconf "};
	_cleanup_(run_clear) struct run run = RUN_INIT;

	machine_apply_settings(&run);
	assert_int_equal(run.result, 0);
	assert_int_equal(run.outcome.result, APPLY_APPLIED);
	assert_false(run.outcome.trial); /* there is nothing to go back to */
	assert_string_equal(run.outcome.generation, "generations/1");
	assert_string_equal(machine_in_force(), "generations/1");
	for (size_t i = 0; i < ARRAY_SIZE(checkers); i++)
		if (!strstr(fake->calls, checkers[i]))
			fail_msg("%s was not run:\n%s", checkers[i], fake->calls);
	/* nothing runs yet but what starts before the settings are known */
	assert_non_null(strstr(fake->calls, "systemctl --no-block reload-or-restart unbound"));
	assert_null(strstr(fake->calls, "postfix.service"));
}

static void a_boot_that_changes_nothing_runs_nothing(void **state _unused_)
{
	_cleanup_(run_clear) struct run run = RUN_INIT;

	boot_first();
	machine_apply_settings(&run);
	assert_int_equal(run.result, 0);
	assert_int_equal(run.outcome.result, APPLY_UNCHANGED);
	assert_string_equal(run.outcome.generation, "generations/1");
	assert_string_equal(fake->calls, "");
	assert_false(machine_file_has("state/generations/2/manifest.json", ""));
}

static void a_change_of_one_daemon_asks_its_checker_alone(void **state _unused_)
{
	_cleanup_(run_clear) struct run run = RUN_INIT;

	boot_first();
	machine_applies(APPLIED_POSTFIX, &run);
	assert_int_equal(run.result, 0);
	assert_true(run.outcome.trial);
	assert_string_equal(machine_in_force(), "generations/2");
	assert_int_equal(fake_called("check-postfix"), 1);
	assert_int_equal(fake_called("\n"), 1);
}

static void a_refused_file_says_which_key_to_mend(void **state _unused_)
{
	static const struct {
		const char *more, *words;
	} cases[] = {
	    {POSTFIX_LINE("refuse_me = 1"), "mail.extra.postfix: postfix refuses it: fatal: main"},
	    {WITH_EXTRA(EXTRA("dovecot", "refuse_me = 1")), "mail.extra.dovecot: dovecot refuses"},
	    {WITH_EXTRA(EXTRA("amavis", "$refuse_me = 1;")), "mail.extra.amavis: amavis refuses"},
	    {WITH_EXTRA(EXTRA("clamd", "refuse_me 1")), "mail.extra.clamd: clamav refuses it"},
	    {WITH_EXTRA(EXTRA("unbound", "refuse_me: 1")), "mail.extra.unbound: unbound refuses"},
	};

	boot_first();
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(run_clear) struct run run = RUN_INIT;

		machine_applies(cases[i].more, &run);
		assert_refused(&run, APPLY_FAILED, cases[i].words);
		assert_int_equal(run.result, -ENOEXEC);
		assert_false(machine_file_has("state/generations/2/manifest.json", ""));
	}
}

static void a_refusal_in_bytes_that_are_no_utf8_is_told(void **state _unused_)
{
	_cleanup_(run_clear) struct run run = RUN_INIT;

	boot_first();
	machine_applies(POSTFIX_LINE("not_utf8 = 1"), &run);
	assert_refused(&run, APPLY_FAILED, "postfix refuses it: fatal: ");
}

static void a_checker_that_hangs_is_given_up(void **state _unused_)
{
	_cleanup_(run_clear) struct run run = RUN_INIT;

	boot_first();
	fake->hurried = true;
	machine_applies(WITH_EXTRA(EXTRA("clamd", "hang_here 1")), &run);
	assert_refused(&run, APPLY_FAILED, "clamav: clamd: not done after 180000 ms");
}

static void a_checker_that_crashes_or_is_missing_proves_nothing(void **state _unused_)
{
	_cleanup_(run_clear) struct run run = RUN_INIT;

	boot_first();
	machine_applies(WITH_EXTRA(EXTRA("clamd", "crash_here 1")), &run);
	assert_refused(&run, APPLY_FAILED, "clamav: clamd: killed by signal 9");
	strcpy(fake->missing, "clamd");
	machine_applies(WITH_EXTRA(EXTRA("clamd", "MaxRecursion 21")), &run);
	assert_refused(&run, APPLY_FAILED, "clamav: clamd: cannot run: No such file");
}

static void refused_settings_are_told_with_their_place(void **state _unused_)
{
	_cleanup_(run_clear) struct run run = RUN_INIT;

	boot_first();
	machine_applies(", \"nonsense\": 1", &run);
	assert_int_equal(run.result, -EINVAL);
	assert_int_equal(run.outcome.result, APPLY_REFUSED);
	assert_true(run.outcome.diagnostics.errors > 0);
	assert_string_equal(run.outcome.generation ? run.outcome.generation : "", "");
	assert_string_equal(machine_in_force(), "generations/1");
	assert_string_equal(fake->calls, "");
}

/* The next boot of another image: the manifest tells which one made it. */
static void another_image_version_makes_a_generation_and_no_trial(void **state _unused_)
{
	_cleanup_(run_clear) struct run run = RUN_INIT;

	boot_first();
	machine_system("sed -i 's/\"version\": \"[^\"]*\"/\"version\": \"0.0.1\"/; "
		       "s/\"key\": \"./\"key\": \"x/' %s/generations/1/manifest.json",
		       machine.state);
	machine_apply_settings(&run);
	assert_int_equal(run.result, 0);
	assert_int_equal(run.outcome.result, APPLY_APPLIED);
	assert_false(run.outcome.trial); /* an older image's files are no way back */
	assert_string_equal(machine_in_force(), "generations/2");
	assert_int_equal(fake_called("clamd --config"), 1); /* all are asked, changed or not */
}

static void a_file_changed_by_hand_is_written_anew(void **state _unused_)
{
	_cleanup_(run_clear) struct run run = RUN_INIT;

	boot_first();
	machine_system("echo my_own = 1 >>%s/current/etc/postfix/main.cf", machine.state);
	machine_apply_settings(&run);
	assert_int_equal(run.result, 0);
	assert_int_equal(run.outcome.result, APPLY_APPLIED);
	assert_true(says(run.outcome.notes, "/etc/postfix/main.cf was changed by hand"));
	assert_true(says(run.outcome.notes, "/generations/1/etc/postfix/main.cf"));
	assert_false(machine_file_has("state/current/etc/postfix/main.cf", "my_own"));
	assert_true(machine_file_has("state/generations/1/etc/postfix/main.cf", "my_own"));
}

static void a_damaged_generation_is_no_reason_to_stop(void **state _unused_)
{
	static const char *const damages[] = {
	    ": >manifest.json",
	    "rm etc/postfix/main.cf",
	    "sed -i 's|\"etc/postfix/main.cf\": .*|\"etc/postfix/main.cf\": 5,|' manifest.json",
	};

	boot_first();
	for (size_t i = 0; i < ARRAY_SIZE(damages); i++) {
		_cleanup_(run_clear) struct run run = RUN_INIT;
		_cleanup_free_ char *before = strdup(machine_in_force());

		machine_system("cd %s/current && %s", machine.state, damages[i]);
		machine_apply_settings(&run);
		assert_int_equal(run.result, 0);
		assert_string_not_equal(machine_in_force(), before);
		machine_apply_settings(&run);
		assert_int_equal(run.outcome.result, APPLY_UNCHANGED);
	}
}

static void only_the_last_generations_are_kept(void **state _unused_)
{
	_cleanup_(run_clear) struct run run = RUN_INIT, judged = RUN_INIT;

	boot_first();
	for (int i = 0; i < GENERATIONS_KEPT + 2; i++) {
		_cleanup_free_ char *more = NULL;

		assert_true(asprintf(&more, POSTFIX_LINE("default_process_limit = %d"), i + 1) > 0);
		machine_changes(more, &run, &judged);
		assert_int_equal(judged.result, 0);
	}
	assert_string_equal(machine_in_force(), "generations/8");
	machine_system("test \"$(ls -A %s/generations | sort -n | tr '\\n' ' ')\" = '4 5 6 7 8 '",
		       machine.state);
}

/* Names of the certificate are no part of any file, and yet both daemons must know. */
static void other_names_in_the_certificate_are_a_change(void **state _unused_)
{
	_cleanup_(run_clear) struct run run = RUN_INIT, judged = RUN_INIT;

	boot_first();
	machine_changes(", \"tls\": {\"names\": [\"imap.example.org\"]}", &run, &judged);
	assert_int_equal(run.result, 0);
	assert_true(run.outcome.keys_changed);
	assert_true(run.outcome.trial);
	assert_string_equal(fake_unit_runs_on("postfix.service"), "generations/2");
	assert_string_equal(fake_unit_runs_on("dovecot.service"), "generations/2");
	assert_int_equal(judged.outcome.result, APPLY_APPLIED);
}

/* Whole or not at all, wherever the disk is full from; then there is room again.  Of the files
 * of a generation only some are tried, for they are written in one way. */
static void a_full_disk_changes_nothing_or_everything(void **state _unused_)
{
	_cleanup_(run_clear) struct run run = RUN_INIT, judged = RUN_INIT;
	int tried = 0, step;

	boot_first();
	machine_gives(APPLIED_POSTFIX);
	for (int count = 1; tried == 0 || run.result < 0; count += step, tried++) {
		cut_fill_disk(count);
		machine_applies_given(&run);
		cut_empty_disk();
		step = strstr(error_text(&run.error), "cannot make generation") ? 7 : 1;
		if (run.result == 0)
			break;
		assert_int_equal(run.outcome.result, APPLY_FAILED);
		assert_true(json_array_size(run.outcome.errors) > 0);
		machine_judge(&judged, &machine.apply, true);
		assert_int_equal(judged.result, 0);
		assert_in_force_is_whole();
	}
	assert_true(tried > 15);
	assert_in_force_is_whole();
	machine_applies_given(&run);
	assert_int_equal(run.result, 0);
	assert_string_not_equal(machine_in_force(), "generations/1");
}

/* In a child: the whole of `postcask apply`, under the lock. */
static _Noreturn void apply_beside_others(int number)
{
	struct run run = RUN_INIT;
	int lock;

	snprintf(machine.file, sizeof(machine.file), "%s/given.%d", machine.folder, number);
	if (apply_lock(&machine.apply, &lock, &run.error) < 0)
		_exit(1);
	machine_applies_given(&run);
	if (run.result < 0)
		_exit(2);
	machine_judge(&run, &machine.apply, true);
	_exit(run.result == 0 && run.outcome.result == APPLY_APPLIED ? 0 : 3);
}

static void runs_at_once_wait_for_each_other(void **state _unused_)
{
	enum { RUNS = 4 };
	pid_t children[RUNS];

	boot_first();
	for (int i = 0; i < RUNS; i++) {
		_cleanup_free_ char *more = NULL;

		assert_true(asprintf(&more, POSTFIX_LINE("default_process_limit = %d"), i + 1) > 0);
		snprintf(machine.file, sizeof(machine.file), "%s/given.%d", machine.folder, i);
		machine_gives(more);
		children[i] = fork();
		if (children[i] == 0)
			apply_beside_others(i);
	}
	for (int i = 0; i < RUNS; i++) {
		int status = 0;

		assert_int_equal(waitpid(children[i], &status, 0), children[i]);
		assert_int_equal(status, 0);
	}
	assert_string_equal(machine_in_force(), "generations/5"); /* each is one */
	assert_string_equal(fake_unit_runs_on("postfix.service"), "generations/5");
	assert_in_force_is_whole();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    machine_test(a_first_boot_checks_everything_and_puts_it_in_force),
	    machine_test(a_boot_that_changes_nothing_runs_nothing),
	    machine_test(a_change_of_one_daemon_asks_its_checker_alone),
	    machine_test(a_refused_file_says_which_key_to_mend),
	    machine_test(a_refusal_in_bytes_that_are_no_utf8_is_told),
	    machine_test(a_checker_that_hangs_is_given_up),
	    machine_test(a_checker_that_crashes_or_is_missing_proves_nothing),
	    machine_test(refused_settings_are_told_with_their_place),
	    machine_test(another_image_version_makes_a_generation_and_no_trial),
	    machine_test(a_file_changed_by_hand_is_written_anew),
	    machine_test(a_damaged_generation_is_no_reason_to_stop),
	    machine_test(only_the_last_generations_are_kept),
	    machine_test(other_names_in_the_certificate_are_a_change),
	    machine_test(a_full_disk_changes_nothing_or_everything),
	    machine_test(runs_at_once_wait_for_each_other),
	};

	return cmocka_run_group_tests_name("apply", tests, fakes_begin, fakes_end);
}
