// SPDX-License-Identifier: GPL-3.0-or-later
/* The table of components against everything that must be there for each row: links, templates,
 * units, presets, accounts, settings, probes and ports.  What is missing is said in a sentence;
 * and each thing is taken away once, to see that it is. */
#include "test.h"

#include "component_checks.h"

static int table_whole(void **state _unused_)
{
	taken_path = taken_text = NULL;
	memcpy(rows, components, component_count * sizeof(*components));
	return 0;
}

static void nothing_is_missing(void **state _unused_)
{
	assert_string_equal(check_all(), "");
}

static void what_is_taken_away_is_said(void **state _unused_)
{
	static const struct {
		const char *path, *text, *expected;
	} taken[] = {
	    {"etc/unbound/settings.conf", NULL,
	     "unbound: overlays/etc/unbound/settings.conf is no link"},
	    {"etc/postcask/wanted", NULL, "freshclam: overlays/etc/postcask/wanted is no link"},
	    {TEMPLATES "etc/postfix/behind", NULL,
	     "postfix: there is no overlays/usr/share/postcask/templates/etc/postfix/behind"},
	    {PRESET, "enable dovecot.service\n", "dovecot: dovecot.service is enabled nowhere"},
	    {PRESET, "enable clamav-daemon.socket\n",
	     "clamav: clamav-daemon.socket is enabled nowhere"},
	    {"usr/lib/systemd/system/timers.target.wants/postcask-quarantine.timer", NULL,
	     "quarantine: postcask-quarantine.timer is enabled nowhere"},
	    {"usr/lib/systemd/system/clamav-daemon.service.d/postcask.conf", NULL,
	     "clamav: there is no unit or drop-in for clamav-daemon.service"},
	    {"etc/systemd/system/amavis.service", "Requires=postcask-firstboot.service\n",
	     "amavis: amavis.service does not require postcask-firstboot.service"},
	    {"usr/lib/systemd/system/dovecot.service.d/postcask.conf",
	     "After=postcask-firstboot.service\n",
	     "dovecot: dovecot.service is not after postcask-firstboot.service"},
	    {"etc/systemd/system/amavis.service", "Wants=postcask-flush.service\n",
	     "amavis: amavis.service does not want postcask-flush.service"},
	    {"usr/lib/systemd/system/clamav-freshclam.service.d/postcask.conf",
	     "ConditionFileNotEmpty=|/etc/postcask/wanted/freshclam\n",
	     "freshclam: clamav-freshclam.service has no condition on "
	     "/etc/postcask/wanted/freshclam"},
	    {SYSUSERS, "unbound ", "unbound: no account or group unbound"},
	    {SYSUSERS, "u     postcask-account ", "account: no account or group postcask-account"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(taken); i++) {
		taken_path = taken[i].path;
		taken_text = taken[i].text;
		if (!strstr(check_all(), taken[i].expected))
			fail_msg("without %s %s: %s", taken[i].path,
				 taken[i].text ? taken[i].text : "", buffer_text(&said));
	}
}

/* ---- a row that is wrong ---- */

static void extra_of_none(struct component *row)
{
	row->files[0].extra = "nobody";
}

static void escape_of_none(struct component *row)
{
	row->files[0].escape = "shell";
}

static void group_of_none(struct component *row)
{
	row->password_group = "nobody";
}

static void wanted_by_none(struct component *row)
{
	row->wanted = "signatures.nothing";
}

static void wanted_later(struct component *row)
{
	row->wanted = "services.webmail";
}

static void wanted_without_mark(struct component *row)
{
	row->files[1].path = NULL;
}

static void mark_without_wanted(struct component *row)
{
	row->wanted = NULL;
}

static void without_ports(struct component *row)
{
	row->ports = 0;
}

static void without_keys(struct component *row)
{
	row->keys[0] = NULL;
}

static void with_other_key(struct component *row)
{
	row->keys[0] = "backups";
}

static void without_end(struct component *row)
{
	for (size_t i = 0; i < COMPONENT_UNITS; i++)
		row->units[i] = "amavis.service";
}

static void without_log(struct component *row)
{
	row->logs[0].writer = WRITER_NONE;
}

static void without_name(struct component *row)
{
	row->name = "nobody";
}

/* As in "::1". */
static void with_written_port(struct component *row)
{
	row->inner[0].number = 1;
}

static void with_other_file(struct component *row)
{
	row->files[0].path = "etc/unbound/other.conf";
}

static void with_other_unit(struct component *row)
{
	row->units[0] = "dovecot@.service";
}

static void needs_later(struct component *row)
{
	row->needs = find_row("account");
}

static void a_wrong_row_is_said(void **state _unused_)
{
	static const struct {
		const char *name;
		void (*spoil)(struct component *row);
		const char *expected;
	} wrong[] = {
	    {"dovecot", extra_of_none, "dovecot: there is no key mail.extra.nobody"},
	    {"dovecot", extra_of_none, "no file ends with the lines of mail.extra.dovecot"},
	    {"unbound", escape_of_none, "etc/unbound/settings.conf: there is no escape shell"},
	    {"dovecot", group_of_none, "dovecot: no account or group nobody"},
	    {"freshclam", wanted_by_none, "freshclam: there is no key mail.signatures.nothing"},
	    {"freshclam", wanted_later, "freshclam: there is no key mail.services.webmail"},
	    {"freshclam", wanted_without_mark, "freshclam: no mark"},
	    {"freshclam", mark_without_wanted, "freshclam: a mark that nobody fills"},
	    {"dovecot", without_ports, "0 components serve port imaps"},
	    {"postfix", without_ports, "probe submission-login: the port is not postfix's"},
	    {"postfix", without_keys, "postfix: a public port without a certificate"},
	    {"dovecot", without_keys, "etc/dovecot/dovecot.conf names a key, but the row has none"},
	    {"postfix", with_other_key, "postfix: there is no kind of keys backups"},
	    {"spamassassin", without_end, "spamassassin: a list has no end"},
	    {"quarantine", without_log, "0 rows have the log of writer 5"},
	    {"timesync", without_name, "probe clock: no component timesync"},
	    {"amavis", with_written_port,
	     "etc/postfix/main.cf writes the port {{component.amavis.incoming}} itself"},
	    {"unbound", with_other_file,
	     "no row has the file of the link overlays/etc/unbound/settings.conf"},
	    {"dovecot", with_other_unit, "/var/vmail: no row has the unit dovecot.service"},
	    {"clamav", needs_later, "clamav: stands before what it needs"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct component row = *find_row(wrong[i].name);

		for (size_t j = 0; j < component_count; j++)
			if (strcmp(rows[j]->name, wrong[i].name) == 0)
				rows[j] = &row;
		wrong[i].spoil(&row);
		if (!strstr(check_all(), wrong[i].expected))
			fail_msg("%s, %zu: %s", wrong[i].name, i, buffer_text(&said));
		table_whole(NULL);
	}
}

/* ---- small things of component/ ---- */

static void sets_have_room(void **state _unused_)
{
	struct component_set set = {0};

	for (size_t i = 0; i < COMPONENT_SET_SIZE; i += 3)
		component_set_add(&set, i);
	for (size_t i = 0; i < COMPONENT_SET_SIZE; i++)
		assert_int_equal(component_set_has(&set, i), i % 3 == 0);
	for (size_t i = 0; i < COMPONENT_SET_SIZE; i++)
		assert_true(component_set_has(&COMPONENT_SET_ALL, i));
}

static void inner_ports_are_found_by_name(void **state _unused_)
{
	const struct component *amavis = component_find("amavis");

	assert_int_equal(component_inner_port(amavis, "submitted"), INNER_SUBMITTED);
	assert_int_equal(component_inner_port(amavis, "dns"), 0);
	assert_null(component_find("amavisd"));
	assert_string_equal(component_password_group(), "dovecot");
}

static void a_mark_says_what_is_wanted(void **state)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	const struct component *freshclam = component_find("freshclam");
	_cleanup_free_ char *folder = file_join(*state, COMPONENT_MARKS);
	_cleanup_free_ char *mark = file_join(folder, "freshclam");

	assert_true(component_is_wanted(component_find("postfix"), *state));
	assert_false(component_is_wanted(freshclam, *state));
	assert_int_equal(file_make_folders(folder, 0755, &error), 0);
	assert_int_equal(file_replace(mark, "", 0, 0644, -1, -1, &error), 0);
	assert_false(component_is_wanted(freshclam, *state));
	assert_int_equal(file_replace(mark, "x", 1, 0644, -1, -1, &error), 0);
	assert_true(component_is_wanted(freshclam, *state));
}

#define table_test(function) cmocka_unit_test_setup(function, table_whole)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    table_test(nothing_is_missing),
	    table_test(what_is_taken_away_is_said),
	    table_test(a_wrong_row_is_said),
	    cmocka_unit_test(sets_have_room),
	    cmocka_unit_test(inner_ports_are_found_by_name),
	    folder_test(a_mark_says_what_is_wanted),
	};

	return cmocka_run_group_tests_name("components", tests, NULL, NULL);
}
