// SPDX-License-Identifier: GPL-3.0-or-later
/* What the update job understands of apt and of /proc, and what the report says of it. */
#include "test.h"

#include <unistd.h>

#include "base/json_file.h"
#include "state/report_state.h"
#include "update/stale.h"
#include "update/state.h"
#include "update/summary.h"
#include "update/waiting.h"

enum { DAY = 24 * 60 * 60, NOW = 1800000000 };

static const char simulated[] =
    "NOTE: This is only a simulation!\n"
    "Inst libssl3t64 [3.5.4-1~deb13u1] (3.5.4-1~deb13u2 Debian-Security:13/stable-security "
    "[amd64]) []\n"
    "Inst tzdata [2025a-1] (2025b-4 Debian:13.2/stable [all])\n"
    "Inst linux-image-6.12.99+deb13-amd64 (6.12.99-1 Debian-Security:13/stable-security "
    "[amd64])\n"
    "Inst amavisd-new [1:2.13.0-7] (1:2.13.0-7+deb13u1 Debian:13.3/stable, "
    "Debian-Security:13/stable-security [all])\n"
    "Inst amavisd-new-postfix [1] (2 Debian-Security:13/stable-security [all])\n"
    "Inst\n"
    "Inst odd [\n"
    "Conf libssl3t64 (3.5.4-1~deb13u2 Debian-Security:13/stable-security [amd64])\n";

static const char *name_at(const json_t *list, size_t i)
{
	return json_text(json_array_get(list, i), "name");
}

static void fixes_of_the_security_archive_wait(void **state _unused_)
{
	json_t *before = json_pack("[{s:s,s:s,s:I}]", "name", "libssl3t64", "version", "3.5.4-0",
				   "since", (json_int_t)NOW - 3 * DAY);
	json_t *waiting = waiting_parse(simulated, "amavisd-new$\n\nspamassassin$\n", before, NOW);

	assert_int_equal(json_array_size(waiting), 3);
	assert_string_equal(name_at(waiting, 0), "libssl3t64");
	assert_string_equal(json_text(json_array_get(waiting, 0), "version"), "3.5.4-1~deb13u2");
	/* a newer version of what waits waits as long */
	assert_int_equal(json_number(json_array_get(waiting, 0), "since"), NOW - 3 * DAY);
	assert_string_equal(name_at(waiting, 1), "amavisd-new");
	assert_int_equal(json_number(json_array_get(waiting, 1), "since"), NOW);
	assert_true(json_is_true(json_object_get(json_array_get(waiting, 1), "held")));
	assert_false(json_is_true(json_object_get(json_array_get(waiting, 2), "held")));
	json_decref(waiting);
	json_decref(before);
}

static void a_date_from_the_future_begins_anew(void **state _unused_)
{
	json_t *before =
	    json_pack("[{s:s,s:I}]", "name", "libssl3t64", "since", (json_int_t)NOW + DAY);
	json_t *waiting = waiting_parse(simulated, "", before, NOW);

	assert_int_equal(json_number(json_array_get(waiting, 0), "since"), NOW);
	json_decref(waiting);
	json_decref(before);
}

static void what_waits_no_more_was_installed(void **state _unused_)
{
	json_t *before = waiting_parse(simulated, "amavisd-new", NULL, NOW), *after, *done;

	assert_true(waiting_any_free(before));
	after = waiting_parse("Inst amavisd-new [1] (2 Debian-Security:13/stable-security [all])\n",
			      "amavisd-new", before, NOW);
	done = waiting_done(before, after);
	assert_int_equal(json_array_size(done), 2);
	assert_string_equal(name_at(done, 0), "libssl3t64");
	assert_false(waiting_any_free(after));
	json_decref(done);
	json_decref(after);
	json_decref(before);
}

static void code_that_is_gone_is_stale(void **state _unused_)
{
	assert_true(stale_maps("7f0-7f1 r--p 00000000 08:01 1  /usr/lib/libssl.so.3\n"
			       "7f1-7f2 r-xp 00000000 08:01 1  /usr/lib/libssl.so.3 (deleted)\n"));
	assert_true(stale_maps("7f1-7f2 r-xp 00000000 08:01 1  /usr/sbin/a b (deleted)"));
	/* data, what is no package's, and what is there */
	assert_false(stale_maps("7f1-7f2 rw-p 00000000 08:01 1  /usr/lib/libssl.so.3 (deleted)\n"
				"7f1-7f2 r-xp 00000000 00:05 1  /memfd:x (deleted)\n"
				"7f1-7f2 r-xp 00000000 00:05 1  /dev/zero (deleted)\n"
				"7f1-7f2 r-xp 00000000 08:01 1  /usr/lib/libssl.so.3\n"
				"7f1-7f2 r-xp 00000000 00:00 0  [vdso]\n\n"));
	assert_false(stale_maps(""));
}

static void assert_unit(const char *cgroup, const char *wanted)
{
	char *unit = stale_unit(cgroup);

	if (wanted)
		assert_string_equal(unit, wanted);
	else
		assert_null(unit);
	free(unit);
}

static void a_process_belongs_to_its_service(void **state _unused_)
{
	assert_unit("0::/system.slice/postfix.service\n", "postfix.service");
	assert_unit("12:pids:/x\n0::/system.slice/amavis.service/child\n", "amavis.service");
	assert_unit("0::/system.slice/system-getty.slice/getty@tty1.service\n",
		    "getty@tty1.service");
	assert_unit("0::/user.slice/user-0.slice/session-1.scope\n", NULL);
	assert_unit("0::/init.scope\n", NULL);
	assert_unit("0::/system.slice/boot.mount\n", NULL);
	assert_unit("", NULL);
}

/* A folder of the test's own, as a machine has it. */
struct place {
	char *config, *folder, *reboot;
	struct update_paths paths;
};

static struct place place_make(const char *folder, const char *state)
{
	struct place place = {
	    file_join(folder, "updates.conf"), strdup(folder), file_join(folder, "reboot"), {0}};
	char *path = file_join(folder, "state.json");

	place.paths = (struct update_paths){place.config, place.folder, place.reboot};
	assert_int_equal(file_replace(place.config, "automatic\n", 10, 0644, -1, -1, NULL), 0);
	assert_int_equal(file_replace(path, state, strlen(state), 0644, -1, -1, NULL), 0);
	free(path);
	return place;
}

static void place_free(struct place *place)
{
	free(place->config);
	free(place->folder);
	free(place->reboot);
}

static json_t *report_of(const struct place *place, const char *failed)
{
	json_t *report = json_pack("{s:s,s:i,s:[s]}", "state", "ready", "failed", atoi(failed),
				   "notes", "another's");

	update_summary_add(report, &place->paths, NOW);
	return report;
}

/* The only note but another's; "" for none. */
static void assert_note(const char *folder, const char *state, const char *failed,
			const char *wanted)
{
	struct place place = place_make(folder, state);
	json_t *report = report_of(&place, failed), *notes = json_object_get(report, "notes");
	const char *note = json_string_value(json_array_get(notes, 1));

	assert_string_equal(note ? note : "", wanted);
	assert_int_equal(json_array_size(notes), *wanted ? 2 : 1);
	assert_string_equal(report_state_name(report_state_of(report)),
			    *wanted ? "degraded" : "ready");
	/* said again, it is not said twice */
	update_summary_add(report, &place.paths, NOW);
	assert_int_equal(json_array_size(notes), *wanted ? 2 : 1);
	json_decref(report);
	place_free(&place);
}

#define AT(days) ((long long)NOW - (days)*DAY)

static void seven_days_are_too_long(void **folder)
{
	char state[512];

	for (int days = 6; days <= 8; days++) {
		snprintf(state, sizeof(state),
			 "{\"reached\": %lld, \"waiting\": [{\"name\": \"openssl\", \"since\": "
			 "%lld}, {\"name\": \"young\", \"since\": %lld}]}",
			 AT(0), AT(days), AT(1));
		assert_note(*folder, state, "0",
			    days == 6	? ""
			    : days == 7 ? "degraded: security fixes wait, the longest for 7 days "
					  "(openssl)"
					: "degraded: security fixes wait, the longest for 8 days "
					  "(openssl)");
	}
}

static void an_archive_out_of_reach_is_said(void **folder)
{
	char state[512];

	snprintf(state, sizeof(state), "{\"begun\": %lld, \"unreached\": \"no route\"}", AT(9));
	assert_note(*folder, state, "0",
		    "degraded: nobody has looked for security fixes for 9 days; the last time the "
		    "package archive said: no route");
	snprintf(state, sizeof(state), "{\"begun\": %lld, \"reached\": %lld}", AT(99), AT(6));
	assert_note(*folder, state, "0", "");
}

static void updates_are_blamed_while_the_self_tests_fail(void **folder)
{
	static const char state[] = "{\"blamed\": {\"at\": 1799990000, \"packages\": "
				    "[{\"name\": \"dovecot-core\"}]}}";

	assert_note(*folder, state, "3",
		    "degraded: the self-tests passed before the updates of 2027-01-15 and do not "
		    "any more (dovecot-core)");
	assert_note(*folder, state, "0", "");
}

static void a_failed_installation_is_said(void **folder)
{
	assert_note(*folder, "{\"failure\": \"unattended-upgrade failed\"}", "0",
		    "degraded: the last installation of updates is not in order: "
		    "unattended-upgrade failed (journalctl -u postcask-update)");
	assert_note(*folder,
		    "{\"replaced\": \"Theirs::f, which Ours.pm replaces, is another: expected in "
		    "theirs 1 (12), found 2 (34)\"}",
		    "0",
		    "degraded: the mail filter is not of one piece with its packages: Theirs::f, "
		    "which Ours.pm replaces, is another: expected in theirs 1 (12), found 2 (34) "
		    "(journalctl -u postcask-update)");
	assert_note(*folder, "{\"replaced\": \"\"}", "0", "");
	assert_note(*folder, "damaged", "0", "");
}

static void a_restart_is_waited_for_until_it_came(void **folder)
{
	char state[512];

	snprintf(state, sizeof(state), "{\"reboot_since\": %lld}", AT(8));
	assert_note(*folder, state, "0", "");
	struct place place = place_make(*folder, state);
	assert_int_equal(file_replace(place.reboot, "", 0, 0644, -1, -1, NULL), 0);
	assert_note(*folder, state, "0",
		    "degraded: security fixes have waited 8 days for a restart of the machine");
	place_free(&place);
}

static void what_is_off_says_nothing(void **folder)
{
	struct place place = place_make(*folder, "{\"failure\": \"x\"}");
	struct buffer text = BUFFER_INIT;
	json_t *report;

	assert_int_equal(file_replace(place.config, "", 0, 0644, -1, -1, NULL), 0);
	report = report_of(&place, "0");
	assert_int_equal(json_array_size(json_object_get(report, "notes")), 1);
	assert_true(
	    json_is_false(json_object_get(json_object_get(report, "updates"), "automatic")));
	update_summary_text(report, &text);
	assert_string_equal(buffer_text(&text), "");
	json_decref(report);
	place_free(&place);
}

static void what_is_held_is_named(void **folder)
{
	struct place place = place_make(
	    *folder, "{\"looked\": 1799990000, \"waiting\": [{\"name\": \"amavisd-new\", "
		     "\"since\": 1799990000, \"held\": true}, {\"name\": \"openssl\", \"since\": "
		     "1799990000, \"held\": false}]}");
	struct buffer text = BUFFER_INIT;
	json_t *report = report_of(&place, "0");

	update_summary_text(report, &text);
	assert_string_equal(buffer_text(&text),
			    "updates: on 2027-01-15 2 security fixes wait (amavisd-new, openssl), "
			    "for a new image: amavisd-new\n");
	buffer_free(&text);
	json_decref(report);
	place_free(&place);
}

static void the_configuration_is_read(void **folder)
{
	static const char text[] = "# a comment\nautomatic\nreboot\t03:30\n";
	char *path = file_join(*folder, "updates.conf");
	struct error error = ERROR_INIT;
	struct update_config config;

	assert_int_equal(update_config_load(path, &config, &error), 0);
	assert_false(config.automatic);
	assert_int_equal(file_replace(path, text, strlen(text), 0644, -1, -1, NULL), 0);
	assert_int_equal(update_config_load(path, &config, &error), 0);
	assert_true(config.automatic);
	assert_string_equal(config.reboot, "03:30");
	assert_int_equal(file_replace(path, "reboot\t03:30:00\n", 16, 0644, -1, -1, NULL), 0);
	assert_true(update_config_load(path, &config, &error) < 0);
	error_clear(&error);
	free(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(fixes_of_the_security_archive_wait),
	    cmocka_unit_test(a_date_from_the_future_begins_anew),
	    cmocka_unit_test(what_waits_no_more_was_installed),
	    cmocka_unit_test(code_that_is_gone_is_stale),
	    cmocka_unit_test(a_process_belongs_to_its_service),
	    folder_test(seven_days_are_too_long),
	    folder_test(an_archive_out_of_reach_is_said),
	    folder_test(updates_are_blamed_while_the_self_tests_fail),
	    folder_test(a_failed_installation_is_said),
	    folder_test(a_restart_is_waited_for_until_it_came),
	    folder_test(what_is_off_says_nothing),
	    folder_test(what_is_held_is_named),
	    folder_test(the_configuration_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
