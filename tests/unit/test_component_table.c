// SPDX-License-Identifier: GPL-3.0-or-later
/* A table of many components, in place of the project's own: the last row is proved, differenced
 * and reloaded as the first is, and those that are not always wanted are switched. */
#include "test.h"

#include <errno.h>
#include <jansson.h>

#include "base/file.h"
#include "component/components.h"
#include "generation/change.h"
#include "generation/generation.h"
#include "generation/prove.h"
#include "key/key.h"

enum { ROWS = 100, LAST = ROWS - 1, OPTIONAL = 57 };

static struct component fakes[ROWS];
static char names[ROWS][8], paths[ROWS][24], marks[ROWS][48], units[ROWS][24], sockets[ROWS][24];

#define TEN(n)                                                                                     \
	&fakes[n], &fakes[(n) + 1], &fakes[(n) + 2], &fakes[(n) + 3], &fakes[(n) + 4],             \
	    &fakes[(n) + 5], &fakes[(n) + 6], &fakes[(n) + 7], &fakes[(n) + 8], &fakes[(n) + 9]

const struct component *const components[] = {TEN(0),  TEN(10), TEN(20), TEN(30), TEN(40),
					      TEN(50), TEN(60), TEN(70), TEN(80), TEN(90)};
COMPONENT_ROWS_FIT(components);
const size_t component_count = ARRAY_SIZE(components);

static const struct key_kind certificates = {.name = "certificates"}, dkim = {.name = "dkim"},
			     backup = {.name = "backup"};
const struct key_kind *const key_kinds[] = {&certificates, &dkim, &backup};
const size_t key_kind_count = ARRAY_SIZE(key_kinds);

/* Every row has a file and a checker; one is wanted by a key of the settings. */
static int fakes_make(void **state _unused_)
{
	for (size_t i = 0; i < ROWS; i++) {
		snprintf(names[i], sizeof(names[i]), "c%zu", i);
		snprintf(paths[i], sizeof(paths[i]), "etc/c%zu.conf", i);
		snprintf(marks[i], sizeof(marks[i]), COMPONENT_MARKS "/c%zu", i);
		snprintf(units[i], sizeof(units[i]), "c%zu.service", i);
		snprintf(sockets[i], sizeof(sockets[i]), "c%zu.socket", i);
		fakes[i] = (struct component){
		    .name = names[i],
		    .files = {{paths[i], "plain", .mode = 0644}},
		    .checker = {"sh", "-c", "touch \"$0/proved-$1\"", "@", names[i]},
		    .reload_verb = "reload-or-restart",
		    .units = {units[i], sockets[i]},
		};
	}
	fakes[OPTIONAL].wanted = "services.more";
	fakes[OPTIONAL].files[1] = (struct component_file){marks[OPTIONAL], "plain", .mode = 0644};
	fakes[OPTIONAL].files[1].mark = true;
	return 0;
}

/* A manifest in which the file of one row and the mark are what is given. */
static json_t *manifest(size_t row, const char *text, bool wanted)
{
	json_t *files = json_object();

	for (size_t i = 0; i < ROWS; i++)
		json_object_set_new(files, paths[i], json_string(i == row ? text : "same"));
	json_object_set_new(files, marks[OPTIONAL], json_string(wanted ? "wanted" : ""));
	return json_pack("{s:s, s:o}", "version", POSTCASK_VERSION, "files", files);
}

static struct change change_of(size_t row, bool was_wanted, bool is_wanted)
{
	json_t *old = manifest(row, "old", was_wanted), *new = manifest(row, "new", is_wanted);
	struct change change = change_between(old, new);

	json_decref(old);
	json_decref(new);
	return change;
}

/* systemctl that writes what it was told into FOLDER/told. */
static void systemctl_make(const char *folder)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_free_ char *program = file_join(folder, "systemctl"), *text = NULL, *path = NULL;

	assert_true(asprintf(&text, "#!/bin/sh\necho \"$@\" >> %s/told\n", folder) > 0);
	assert_int_equal(file_replace(program, text, strlen(text), 0755, -1, -1, &error), 0);
	assert_true(asprintf(&path, "%s:/usr/bin:/bin", folder) > 0);
	assert_int_equal(setenv("PATH", path, 1), 0);
}

static char *reload(const char *folder, const struct change *change)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_free_ char *told = file_join(folder, "told");
	char *text = NULL;

	systemctl_make(folder);
	assert_int_equal(change_reload(change, &error), 0);
	if (file_read(told, SIZE_MAX / 4, &text, NULL, &error) < 0)
		return strdup("");
	assert_int_equal(unlink(told), 0);
	return text;
}

static void the_last_row_is_differenced(void **state _unused_)
{
	struct change change = change_of(LAST, false, false);
	json_t *told = change_units(&change);

	for (size_t i = 0; i < ROWS; i++)
		assert_int_equal(component_set_has(&change.changed, i), i == LAST);
	assert_int_equal(json_array_size(told), 1);
	assert_string_equal(json_string_value(json_array_get(told, 0)), units[LAST]);
	json_decref(told);
	change = CHANGE_ALL;
	told = change_units(&change);
	assert_int_equal(json_array_size(told), ROWS);
	json_decref(told);
}

static void the_last_row_is_proved(void **state)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	struct change change = change_of(LAST, false, false);

	assert_int_equal(prove_generation(*state, NULL, &change, &error), 0);
	for (size_t i = 0; i < ROWS; i++) {
		_cleanup_free_ char *path = NULL;

		assert_true(asprintf(&path, "%s/proved-%s", (char *)*state, names[i]) > 0);
		assert_int_equal(file_exists(path), i == LAST);
	}
	fakes[LAST].checker[2] = "echo no; exit 1";
	assert_int_equal(prove_generation(*state, NULL, &CHANGE_ALL, &error), -ENOEXEC);
	assert_string_equal(error_text(&error), "c99 refuses it: no");
	fakes_make(NULL);
}

static void the_last_row_is_reloaded(void **state)
{
	struct change change = change_of(LAST, false, false);
	_cleanup_free_ char *told = reload(*state, &change), *all = NULL;

	assert_string_equal(told, "reload-or-restart c99.service\n");
	all = reload(*state, &CHANGE_ALL);
	assert_non_null(strstr(all, " c0.service "));
	assert_non_null(strstr(all, " c99.service\n"));
}

static void keys_change_who_serves_them(void **state)
{
	struct change change = {0};
	_cleanup_free_ char *told = NULL;

	fakes[3].keys[0] = fakes[LAST].keys[0] = "dkim";
	fakes[4].keys[0] = "certificates";
	fakes[5].keys[0] = "certificates";
	fakes[5].keys[1] = "backup";
	change_add_keys(&change, KEY_BIT(1) | KEY_BIT(2));
	told = reload(*state, &change);
	assert_string_equal(told, "reload-or-restart c3.service c5.service c99.service\n");
	fakes_make(NULL);
}

static bool serves_certificate(const struct component *component)
{
	return component_has_key(component, "certificates");
}

/* The daily renewal's, as the report's and the watch's. */
static void a_command_has_who_fits(void **state _unused_)
{
	_cleanup_free_ const char **argv = NULL, **none = NULL;

	none = component_command("reload", serves_certificate);
	assert_string_equal(none[1], "reload");
	assert_null(none[2]);
	for (size_t i = 0; i < ROWS; i++)
		fakes[i].keys[0] = "certificates";
	argv = component_command("reload", serves_certificate);
	assert_string_equal(argv[0], "systemctl");
	assert_string_equal(argv[2], "c0.service");
	assert_string_equal(argv[LAST + 2], "c99.service");
	assert_null(argv[LAST + 3]);
	fakes_make(NULL);
}

/* systemd starts it or stops it by its conditions, with everything that is its. */
static void who_is_switched_is_stopped_and_started_whole(void **state)
{
	struct change on = change_of(LAST, false, true), off = change_of(LAST, true, false);
	struct change stays = change_of(OPTIONAL, true, true);
	_cleanup_free_ char *first = reload(*state, &on), *second = NULL, *third = NULL;

	assert_string_equal(first, "stop c57.service c57.socket\n"
				   "start c57.service c57.socket\n"
				   "reload-or-restart c99.service\n");
	second = reload(*state, &off);
	assert_string_equal(second, first);
	third = reload(*state, &stays);
	assert_string_equal(third, "reload-or-restart c57.service\n");
}

/* An image before had no mark: whether it ran is not known. */
static void a_new_mark_is_a_switch(void **state _unused_)
{
	json_t *old = manifest(LAST, "same", true), *new = manifest(LAST, "same", true);
	struct change change;

	json_object_del(json_object_get(old, "files"), marks[OPTIONAL]);
	change = change_between(old, new);
	assert_true(component_set_has(&change.switched, OPTIONAL));
	assert_true(component_set_has(&change.changed, OPTIONAL));
	assert_false(component_set_has(&change.changed, LAST));
	json_decref(old);
	json_decref(new);
}

static void who_takes_nothing_is_told_nothing(void **state)
{
	_cleanup_free_ char *told = NULL;

	for (size_t i = 1; i < ROWS; i++)
		fakes[i].reload_verb = NULL;
	told = reload(*state, &CHANGE_ALL);
	assert_string_equal(told, "reload-or-restart c0.service\n");
	fakes_make(NULL);
}

static char *render_mark(const char *folder, const char *templates, json_t *more)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_free_ char *path = file_join(folder, marks[OPTIONAL]);
	json_t *settings = json_pack("{s:{s:o}}", "services", "more", more);
	char *text = NULL;

	assert_int_equal(generation_render(settings, templates, folder, false, &error), 0);
	assert_int_equal(file_read(path, SIZE_MAX / 4, &text, NULL, &error), 0);
	json_decref(settings);
	return text;
}

static void the_settings_fill_the_mark(void **state)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_free_ char *templates = file_join(*state, "t"), *folder = file_join(*state, "out");
	_cleanup_free_ char *etc = file_join(templates, "etc"), *on = NULL, *off = NULL,
			    *port = NULL;
	_cleanup_free_ char *last = file_join(folder, paths[LAST]);

	fakes[12].inner[0] = (struct component_port){"in", 10124};
	assert_int_equal(file_make_folders(etc, 0755, &error), 0);
	for (size_t i = 0; i < ROWS; i++) {
		_cleanup_free_ char *path = file_join(templates, paths[i]);
		static const char text[] = "port={{component.c12.in}}\n";

		assert_int_equal(file_replace(path, text, strlen(text), 0644, -1, -1, &error), 0);
	}
	off = render_mark(folder, templates, json_false());
	assert_string_equal(off, "");
	on = render_mark(folder, templates, json_true());
	assert_string_equal(on, "mail.services.more wants c57: it runs while this file is not "
				"empty.\n");
	assert_int_equal(file_read(last, SIZE_MAX / 4, &port, NULL, &error), 0);
	assert_string_equal(port, "port=10124\n");
	fakes_make(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_last_row_is_differenced),
	    folder_test(the_last_row_is_proved),
	    folder_test(the_last_row_is_reloaded),
	    folder_test(keys_change_who_serves_them),
	    cmocka_unit_test(a_command_has_who_fits),
	    folder_test(who_is_switched_is_stopped_and_started_whole),
	    cmocka_unit_test(a_new_mark_is_a_switch),
	    folder_test(who_takes_nothing_is_told_nothing),
	    folder_test(the_settings_fill_the_mark),
	};

	return cmocka_run_group_tests_name("component table", tests, fakes_make, NULL);
}
