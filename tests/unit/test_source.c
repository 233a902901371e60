// SPDX-License-Identifier: GPL-3.0-or-later
/* firstboot/source.c and instance.c: which settings count. */
#include "fakes.h"

#include "firstboot/instance.h"

#define LIMIT(number) POSTFIX_LINE("default_process_limit = " number)

static bool in_force_has(const char *number)
{
	_cleanup_free_ char *line = NULL;

	assert_true(asprintf(&line, "default_process_limit = %s\n", number) > 0);
	return machine_file_has("state/current/etc/postfix/main.cf", line);
}

static void boot(struct run *run)
{
	_cleanup_(run_clear) struct run judged = RUN_INIT;

	machine_boots(run, &judged);
	assert_int_equal(judged.result, 0);
}

static void change(const char *more)
{
	_cleanup_(run_clear) struct run applied = RUN_INIT, judged = RUN_INIT;

	machine_changes(more, &applied, &judged);
	assert_int_equal(applied.result, 0);
	assert_int_equal(judged.outcome.result, APPLY_APPLIED);
}

static void write_text(const char *name, const char *text)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_free_ char *path = machine_path(name);

	assert_int_equal(file_replace(path, text, strlen(text), 0600, (uid_t)-1, (gid_t)-1, &error),
			 0);
}

static void a_machine_without_settings_says_so(void **state _unused_)
{
	_cleanup_(run_clear) struct run run = RUN_INIT;

	write_text("combined.json", "{\"runcmd\": [1]}");
	boot(&run);
	assert_int_equal(run.result, -ENOENT);
	assert_int_equal(run.outcome.result, APPLY_REFUSED);
	assert_non_null(strstr(error_text(&run.error), "without settings for mail"));
	assert_string_equal(machine_in_force(), "");
}

static void a_machine_whose_user_data_is_gone_keeps_its_settings(void **state _unused_)
{
	static const char *const gone[] = {"{\"runcmd\": [1]}", "{}"};
	_cleanup_(run_clear) struct run run = RUN_INIT;

	machine_user_data(LIMIT("7"));
	boot(&run);
	for (size_t i = 0; i < ARRAY_SIZE(gone); i++) {
		write_text("combined.json", gone[i]);
		boot(&run);
		assert_int_equal(run.result, 0);
		assert_int_equal(run.outcome.result, APPLY_UNCHANGED);
		assert_true(says(run.outcome.notes, "those in force stay"));
		assert_int_equal(run.outcome.diagnostics.count, 0);
		assert_true(in_force_has("7"));
	}
}

static void settings_in_force_that_cannot_be_read_are_none(void **state _unused_)
{
	_cleanup_(run_clear) struct run run = RUN_INIT;

	boot(&run);
	write_text("combined.json", "{}");
	write_text("state/current/settings.json", "{\"hostname\": ");
	machine_apply_settings(&run);
	assert_int_equal(run.result, -ENOENT);
	assert_int_equal(run.outcome.result, APPLY_REFUSED);
	assert_string_equal(machine_in_force(), "generations/1");
}

static void refused_user_data_leaves_what_works(void **state _unused_)
{
	static const char *const broken[] = {
	    "not JSON", "{\"mail\": 5}",
	    "{\"fqdn\": \"mail.example.org\", \"mail\": {\"domains\": [\"bad_domain\"]}}"};
	_cleanup_(run_clear) struct run run = RUN_INIT;

	boot(&run);
	for (size_t i = 0; i < ARRAY_SIZE(broken); i++) {
		write_text("combined.json", broken[i]);
		boot(&run);
		assert_int_equal(run.result, -EINVAL);
		assert_int_equal(run.outcome.result, APPLY_REFUSED);
		assert_true(run.outcome.diagnostics.errors > 0);
		assert_string_equal(machine_in_force(), "generations/1");
	}
}

static void what_was_applied_counts_after_a_boot(void **state _unused_)
{
	_cleanup_(run_clear) struct run run = RUN_INIT;

	boot(&run);
	change(LIMIT("7"));
	boot(&run);
	assert_int_equal(run.result, 0);
	assert_int_equal(run.outcome.result, APPLY_UNCHANGED);
	assert_true(in_force_has("7"));
	write_text("combined.json", "{}"); /* and without its seed */
	boot(&run);
	assert_int_equal(run.outcome.result, APPLY_UNCHANGED);
	assert_true(in_force_has("7"));
}

static void changed_user_data_counts_more_than_what_was_applied(void **state _unused_)
{
	_cleanup_(run_clear) struct run run = RUN_INIT;

	boot(&run);
	change(LIMIT("7"));
	machine_user_data(LIMIT("8"));
	boot(&run);
	assert_int_equal(run.result, 0);
	assert_true(says(run.outcome.notes, "was changed after `postcask apply`"));
	assert_true(in_force_has("8"));
	boot(&run);
	assert_int_equal(run.outcome.result, APPLY_UNCHANGED);
	assert_null(run.outcome.notes);
}

/* It is not the text of a key that counts but what stands in it. */
static void other_parts_of_the_user_data_do_not_count(void **state _unused_)
{
	_cleanup_(run_clear) struct run run = RUN_INIT;

	boot(&run);
	change(LIMIT("7"));
	machine_system("sed -i 's/^{/{\"runcmd\": [[\"true\"]], /' %s", machine.combined);
	boot(&run);
	assert_int_equal(run.outcome.result, APPLY_UNCHANGED);
	assert_true(in_force_has("7"));
}

static void the_same_settings_given_again_change_nothing(void **state _unused_)
{
	_cleanup_(run_clear) struct run run = RUN_INIT;

	boot(&run);
	change(LIMIT("7"));
	machine_applies(LIMIT("7"), &run);
	assert_int_equal(run.result, 0);
	assert_int_equal(run.outcome.result, APPLY_UNCHANGED);
}

/* What was applied is read again at each boot: without it nobody knows. */
static void applied_settings_that_are_lost_are_told(void **state _unused_)
{
	_cleanup_(run_clear) struct run run = RUN_INIT;

	boot(&run);
	change(LIMIT("7"));
	machine_system("rm %s/current/user-data", machine.state);
	machine_apply_settings(&run);
	assert_int_equal(run.result, -ENOENT);
	assert_int_equal(run.outcome.result, APPLY_REFUSED);
	assert_true(says(run.outcome.errors, "current/user-data: cannot open: No such file"));
	assert_true(in_force_has("7"));
}

static void a_file_that_is_not_there_is_told(void **state _unused_)
{
	_cleanup_(run_clear) struct run run = RUN_INIT;

	boot(&run);
	machine_applies_given(&run);
	assert_int_equal(run.result, -ENOENT);
	assert_true(says(run.outcome.errors, "given.yaml: cannot open: No such file"));
}

static void a_damaged_digest_of_the_user_data_says_nothing(void **state _unused_)
{
	_cleanup_(run_clear) struct run run = RUN_INIT;

	boot(&run);
	change(LIMIT("7"));
	machine_system("sed -i 's/\"over\": \"/&%080d/' %s/current/manifest.json", 7,
		       machine.state);
	boot(&run);
	assert_int_equal(run.result, 0); /* the user-data counts then */
	assert_false(in_force_has("7"));
}

static void another_instance_changes_nothing(void **state _unused_)
{
	_cleanup_(run_clear) struct run run = RUN_INIT;

	boot(&run);
	machine_instance("i-2\n");
	machine_user_data(LIMIT("8"));
	boot(&run);
	assert_int_equal(run.result, -EPERM);
	assert_int_equal(run.outcome.result, APPLY_REFUSED);
	assert_true(says(run.outcome.errors, "of instance 'i-2'"));
	assert_true(says(run.outcome.errors, "run `postcask adopt`"));
	assert_string_equal(machine_in_force(), "generations/1");
}

static void an_adopted_instance_becomes_the_machines_own(void **state _unused_)
{
	_cleanup_(run_clear) struct run run = RUN_INIT;

	boot(&run);
	machine_instance("i-2\n");
	machine_user_data(LIMIT("8"));
	write_text("state/adopt", "i-3\n");
	boot(&run);
	assert_int_equal(run.result, -EPERM);
	write_text("state/adopt", "i-2\n");
	boot(&run);
	assert_int_equal(run.result, 0);
	assert_true(in_force_has("8"));
	assert_int_equal(instance_end_adoption(&machine.boot, &run.error), 0);
	assert_int_equal(instance_end_adoption(&machine.boot, &run.error), 0);
	assert_false(machine_file_has("state/adopt", ""));
	boot(&run);
	assert_int_equal(run.outcome.result, APPLY_UNCHANGED);
	machine_instance("i-1\n"); /* it is not the first one any more */
	boot(&run);
	assert_int_equal(run.result, -EPERM);
}

static void whichever_instance_comes_may_be_adopted(void **state _unused_)
{
	_cleanup_(run_clear) struct run run = RUN_INIT;

	boot(&run);
	machine_instance("i-9\n");
	write_text("state/adopt", "");
	boot(&run);
	assert_int_equal(run.result, 0);
	/* the same settings, and yet a generation that knows whose they are */
	assert_string_equal(machine_in_force(), "generations/2");
}

/* cloud-init's instance of a machine whose seed was taken away is its own invention. */
static void settings_that_stay_ask_for_no_instance(void **state _unused_)
{
	_cleanup_(run_clear) struct run run = RUN_INIT;

	boot(&run);
	machine_instance("iid-datasource-none\n");
	write_text("combined.json", "{}");
	boot(&run);
	assert_int_equal(run.result, 0);
	assert_int_equal(run.outcome.result, APPLY_UNCHANGED);
	change(LIMIT("7"));
	boot(&run);
	assert_int_equal(run.result, 0);
	assert_true(in_force_has("7"));
}

static void a_foreign_instance_is_noted(void **state _unused_)
{
	_cleanup_(run_clear) struct run run = RUN_INIT;

	instance_note_foreign(&machine.boot, &run.outcome);
	assert_null(run.outcome.notes);
	write_text("run/foreign-instance", "i-7\n");
	instance_note_foreign(&machine.boot, &run.outcome);
	assert_true(says(run.outcome.notes, "degraded: "));
	assert_true(says(run.outcome.notes, "'i-7'"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    machine_test(a_machine_without_settings_says_so),
	    machine_test(a_machine_whose_user_data_is_gone_keeps_its_settings),
	    machine_test(settings_in_force_that_cannot_be_read_are_none),
	    machine_test(refused_user_data_leaves_what_works),
	    machine_test(what_was_applied_counts_after_a_boot),
	    machine_test(changed_user_data_counts_more_than_what_was_applied),
	    machine_test(other_parts_of_the_user_data_do_not_count),
	    machine_test(the_same_settings_given_again_change_nothing),
	    machine_test(applied_settings_that_are_lost_are_told),
	    machine_test(a_file_that_is_not_there_is_told),
	    machine_test(a_damaged_digest_of_the_user_data_says_nothing),
	    machine_test(another_instance_changes_nothing),
	    machine_test(an_adopted_instance_becomes_the_machines_own),
	    machine_test(whichever_instance_comes_may_be_adopted),
	    machine_test(settings_that_stay_ask_for_no_instance),
	    machine_test(a_foreign_instance_is_noted),
	};

	return cmocka_run_group_tests_name("source", tests, fakes_begin, fakes_end);
}
