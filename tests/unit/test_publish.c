// SPDX-License-Identifier: GPL-3.0-or-later
/* firstboot/publish.c, selftest.c and outcome.c: what a run leaves for others to read. */
#include "fakes.h"

#include <sys/stat.h>

#include "base/digest.h"
#include "firstboot/publish.h"
#include "firstboot/selftest.h"
#include "key/key_forwarding.h"

#define OTHER_NAME ", \"tls\": {\"names\": [\"imap.example.org\"]}"

static void boot(void)
{
	_cleanup_(run_clear) struct run run = RUN_INIT;

	machine_apply_settings(&run);
	if (run.result < 0)
		fail_msg("%s", error_text(&run.error));
}

static char *read_text(const char *name)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_free_ char *path = machine_path(name);
	char *text = NULL;

	if (file_read(path, 1 << 20, &text, NULL, &error) < 0)
		fail_msg("%s", error_text(&error));
	return text;
}

static mode_t mode_of(const char *name)
{
	_cleanup_free_ char *path = machine_path(name);
	struct stat status;

	assert_int_equal(lstat(path, &status), 0);
	return status.st_mode & 07777;
}

static void what_everybody_may_read_holds_no_secret(void **state _unused_)
{
	static const char *const secrets[] = {FAKE_HASH, "PRIVATE KEY"};

	boot();
	for (size_t i = 0; i < ARRAY_SIZE(secrets); i++)
		machine_system("! find %s -type f -perm /004 -exec grep -lF -- '%s' {} + | grep .",
			       machine.run, secrets[i]);
	assert_int_equal(mode_of("state/current/settings.json"), 0600);
	assert_int_equal(mode_of("run/selftest.secret"), 0400);
	assert_int_equal(mode_of("run/selftest.passwd"), 0640);
	assert_int_equal(mode_of("run/verify-settings.json"), 0644);
}

static void the_probes_are_told_what_they_ask_for(void **state _unused_)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_free_ char *path = machine_path("run/verify-settings.json");
	_cleanup_json_ json_t *told = NULL;

	machine_user_data(OTHER_NAME);
	boot();
	assert_int_equal(json_file_read(path, 1 << 20, 0, &told, &error), 0);
	assert_string_equal(json_text(told, "hostname"), "mail.example.org");
	assert_true(json_is_object(json_object_get(told, "services")));
}

/* Dovecot reads one of the pair, and the probes are handed the other. */
static void the_self_tests_password_fits_its_hash(void **state _unused_)
{
	_cleanup_free_ char *line = NULL, *secret = NULL;
	char hash[DIGEST_TEXT_SIZE];
	EVP_MD_CTX *digest;

	boot();
	line = read_text("run/selftest.passwd");
	secret = read_text("run/selftest.secret");
	assert_int_equal(strlen(secret), 64);
	digest = digest_begin();
	digest_add(digest, secret, strlen(secret));
	digest_finish(digest, hash);
	assert_ptr_equal(strstr(line, SELFTEST_ADDRESS ":{SHA256.HEX}"), line);
	assert_non_null(strstr(line, hash));
	assert_non_null(strstr(line, "allow_nets=127.0.0.0/8,::1 "));
	assert_int_equal(fake_group_of("selftest.passwd"), FAKE_GROUP);
	assert_int_equal(fake_group_of("selftest.secret"), 0);
}

static void the_self_tests_password_lasts_for_a_boot(void **state _unused_)
{
	_cleanup_free_ char *first = NULL, *second = NULL, *third = NULL, *path = NULL;

	boot();
	first = read_text("run/selftest.secret");
	boot();
	second = read_text("run/selftest.secret");
	assert_string_equal(first, second);
	path = machine_path("run/selftest.passwd"); /* half of a pair is none */
	assert_int_equal(unlink(path), 0);
	boot();
	third = read_text("run/selftest.secret");
	assert_string_not_equal(first, third);
}

static void without_a_generation_nothing_is_published(void **state _unused_)
{
	_cleanup_(run_clear) struct run run = RUN_INIT;

	assert_int_equal(publish_in_force(&machine.boot, true, &run.outcome, &run.error), -ENOENT);
	assert_false(machine_file_has("run/verify-settings.json", ""));
}

static void certificates_that_cannot_be_made_stop_a_change(void **state _unused_)
{
	_cleanup_(run_clear) struct run run = RUN_INIT;

	boot();
	machine_system("rm -r %s && touch %s", machine.keys, machine.keys);
	machine_applies(POSTFIX_LINE("default_process_limit = 7"), &run);
	assert_true(run.result < 0);
	assert_int_equal(run.outcome.result, APPLY_FAILED);
	assert_true(says(run.outcome.errors, "certificates: "));
	assert_string_equal(machine_in_force(), "generations/1");
}

static void a_certificate_of_its_own_is_made_when_it_is_missing(void **state _unused_)
{
	_cleanup_(run_clear) struct run run = RUN_INIT;

	boot(); /* makes what fakes.h does not bring */
	machine_apply_settings(&run);
	assert_string_equal(json_text(run.outcome.keys, CERTIFICATE_KEY), "kept");
	assert_string_equal(json_text(run.outcome.keys, FORWARDING_KEY), "kept");
	assert_int_equal(run.outcome.keys_changed, 0);
	machine_system("rm %s/server-ecdsa.pem", machine.keys);
	machine_apply_settings(&run);
	assert_int_equal(run.result, 0);
	assert_int_equal(run.outcome.result, APPLY_UNCHANGED);
	assert_int_not_equal(run.outcome.keys_changed, 0);
	assert_int_equal(mode_of("keys/server-ecdsa.pem"), 0600);
}

static json_t *outcome_read(const struct apply_paths *paths)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_free_ char *path = file_join(paths->run, paths->name);
	json_t *value = NULL;

	if (json_file_read(path, 1 << 20, 0, &value, &error) < 0)
		fail_msg("%s", error_text(&error));
	return value;
}

static void an_outcome_is_what_the_report_reads(void **state _unused_)
{
	_cleanup_(run_clear) struct run run = RUN_INIT;
	_cleanup_json_ json_t *value = NULL;

	machine_user_data(", \"nonsense\": 1");
	machine_apply_settings(&run);
	outcome_note(&run.outcome, "a note of \xff");
	outcome_error(&run.outcome, "an error");
	assert_int_equal(outcome_save(&machine.boot, &run.outcome, &run.error), 0);
	value = outcome_read(&machine.boot);
	assert_string_equal(json_text(value, "state"), "refused");
	assert_int_equal(json_number(value, "generation"), 0);
	assert_true(says(json_object_get(value, "errors"), "nonsense"));
	assert_true(says(json_object_get(value, "errors"), "an error"));
	assert_true(says(json_object_get(value, "notes"), "a note of ?"));
	assert_int_equal(json_array_size(json_object_get(value, "reloaded")), 0);
	assert_true(
	    json_is_integer(json_object_get(json_object_get(value, "milliseconds"), "render")));
}

static void an_outcome_goes_on_where_another_run_left_it(void **state _unused_)
{
	_cleanup_(run_clear) struct run applied = RUN_INIT, judged = RUN_INIT;
	_cleanup_json_ json_t *value = NULL;

	boot();
	machine_start_daemons();
	machine_applies(POSTFIX_LINE("break_it = 7"), &applied);
	outcome_note(&applied.outcome, "of the first half");
	assert_int_equal(outcome_save(&machine.apply, &applied.outcome, &applied.error), 0);
	machine_judge(&judged, &machine.apply, true);
	assert_int_equal(outcome_amend(&machine.apply, &judged.outcome, &judged.error), 0);
	value = outcome_read(&machine.apply);
	assert_string_equal(json_text(value, "state"), "reverted");
	assert_int_equal(json_number(value, "generation"), 1);
	assert_true(says(json_object_get(value, "notes"), "of the first half"));
	assert_true(says(json_object_get(value, "errors"), "taken back: smtp"));
	assert_true(says(json_object_get(value, "reloaded"), "postfix.service"));
	assert_true(json_is_object(json_object_get(value, "milliseconds")));
}

static void an_outcome_of_nothing_that_can_be_read_is_made_anew(void **state _unused_)
{
	static const char *const before[] = {NULL, "", "[]", "{\"state\": ", "{\"errors\": 5}"};

	for (size_t i = 0; i < ARRAY_SIZE(before); i++) {
		_cleanup_(run_clear) struct run run = RUN_INIT;
		_cleanup_free_ char *path = file_join(machine.run, "apply.json");
		_cleanup_json_ json_t *value = NULL;

		if (before[i])
			assert_int_equal(file_replace(path, before[i], strlen(before[i]), 0644,
						      (uid_t)-1, (gid_t)-1, &run.error),
					 0);
		run.outcome.result = APPLY_REVERTED;
		run.outcome.generation = strdup("generations/12");
		outcome_error(&run.outcome, "an error");
		assert_int_equal(outcome_amend(&machine.apply, &run.outcome, &run.error), 0);
		value = outcome_read(&machine.apply);
		assert_string_equal(json_text(value, "state"), "reverted");
		assert_int_equal(json_number(value, "generation"), 12);
		assert_int_equal(json_array_size(json_object_get(value, "errors")), 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    machine_test(what_everybody_may_read_holds_no_secret),
	    machine_test(the_probes_are_told_what_they_ask_for),
	    machine_test(the_self_tests_password_fits_its_hash),
	    machine_test(the_self_tests_password_lasts_for_a_boot),
	    machine_test(without_a_generation_nothing_is_published),
	    machine_test(certificates_that_cannot_be_made_stop_a_change),
	    machine_test(a_certificate_of_its_own_is_made_when_it_is_missing),
	    machine_test(an_outcome_is_what_the_report_reads),
	    machine_test(an_outcome_goes_on_where_another_run_left_it),
	    machine_test(an_outcome_of_nothing_that_can_be_read_is_made_anew),
	};

	return cmocka_run_group_tests_name("publish", tests, fakes_begin, fakes_end);
}
