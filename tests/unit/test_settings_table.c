// SPDX-License-Identifier: GPL-3.0-or-later
/* The table of settings and what is made of it: schema, example, manual page,
 * explanations. */
#include "test.h"

#include <ctype.h>
#include <errno.h>

#include "base/buffer.h"
#include "settings/example.h"
#include "settings/explain.h"
#include "settings/manual.h"
#include "settings/rule.h"
#include "settings/schema.h"
#include "settings/settings.h"
#include "settings/table.h"
#include "settings/types.h"

static bool begins_with(const char *text, const char *start)
{
	return !strncmp(text, start, strlen(start));
}

/* Rows of one group stand together, below a row for the group. */
static void rows_are_in_order(void **state _unused_)
{
	for (size_t i = 0; i < settings_table_count; i++) {
		const char *path = settings_table[i].path;
		const char *dot = strrchr(path, '.');
		_cleanup_free_ char *parent_path = dot ? strndup(path, (size_t)(dot - path)) : NULL;
		const struct setting *parent;
		bool records = parent_path && dot[-1] == ']';

		assert_ptr_equal(table_find(path), &settings_table[i]); /* stands once */
		if (!dot)
			continue;
		if (records)
			parent_path[strlen(parent_path) - 2] = '\0';
		parent = table_find(parent_path);
		assert_non_null(parent);
		assert_int_equal(parent->type, records ? TYPE_RECORDS : TYPE_GROUP);
		assert_true(parent < &settings_table[i]);
		assert_ptr_equal(table_child(parent, setting_name(&settings_table[i])),
				 &settings_table[i]);
		if (parent->flags & SETTING_LATER)
			assert_true(settings_table[i].flags & SETTING_LATER);
	}
}

/* An example and a default are values that the type accepts. */
static void assert_accepted(const struct setting *setting, const char *text)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_free_ char *value = NULL, *plain = strdup(text);
	char *start = plain;

	if (*start == '"') {
		start[strlen(start) - 1] = '\0';
		start++;
	}
	if (type_of(setting->type)->check &&
	    type_of(setting->type)->check(setting, start, strlen(start), &value, &error) < 0)
		fail_msg("%s: %s", setting->path, error_text(&error));
}

static void rows_are_complete(void **state _unused_)
{
	for (size_t i = 0; i < settings_table_count; i++) {
		const struct setting *setting = &settings_table[i];
		bool list = setting->flags & SETTING_LIST || setting->type == TYPE_RECORDS;
		bool group = setting->type == TYPE_GROUP || setting->type == TYPE_RECORDS;

		assert_non_null(setting->documentation);
		assert_true(setting->documentation[strlen(setting->documentation) - 1] == '.');
		assert_true(list == (setting->items > 0));
		assert_true((setting->type == TYPE_CHOICE) == (setting->choices != NULL));
		assert_non_null(type_of(setting->type)->description);
		if (setting->type == TYPE_INTEGER || setting->type == TYPE_TEXT)
			assert_true(setting->maximum > setting->minimum);
		if (setting->flags & SETTING_REQUIRED)
			assert_null(setting->fallback);
		if (!group && !(setting->flags & SETTING_SECRET) &&
		    setting->type != TYPE_CERTIFICATE && setting->type != TYPE_LINES)
			assert_non_null(setting->example);
		if (setting->type == TYPE_RECORDS) /* said of an item that is none */
			assert_non_null(table_next_child(setting, NULL)->example);
		if (setting->fallback && setting->fallback[0] && !list)
			assert_accepted(setting, setting->fallback);
		if (setting->example && !list)
			assert_accepted(setting, setting->example);
	}
}

static void misspelt_keys_find_their_nearest(void **state _unused_)
{
	const struct setting *limits = table_find("limits");

	assert_string_equal(table_nearest(NULL, "domian")->path, "domains");
	assert_string_equal(table_nearest(NULL, "Users")->path, "users");
	assert_string_equal(table_nearest(limits, "message-size-mib")->path,
			    "limits.message_size_mib");
	assert_null(table_nearest(NULL, "x"));
	assert_null(table_nearest(NULL, "completely_different"));
	assert_string_equal(table_elsewhere("workers")->path, "filter.workers");
	assert_null(table_elsewhere("nothing"));
	assert_int_equal(table_distance("abcd", "abdc", 3), 1); /* a swap is one edit */
	assert_int_equal(table_distance("", "abc", 3), 3);
	assert_int_equal(table_distance("abc", "", 2), 3);
	assert_int_equal(table_distance("kitten", "sitting", 5), 3);
}

static int load(const char *text, char **ret_line)
{
	_cleanup_(diagnostics_free) struct diagnostics diagnostics = DIAGNOSTICS_INIT;
	json_t *settings = NULL;
	int r = settings_load_text("example", text, strlen(text), &diagnostics, &settings);

	*ret_line = diagnostics.count ? diagnostic_line(&diagnostics.items[0]) : NULL;
	json_decref(settings);
	return r;
}

static void assert_good(const char *text)
{
	_cleanup_free_ char *line = NULL;

	/* Of a catch-all it is always said what it draws. */
	if (load(text, &line) < 0 || (line && !strstr(line, "warning: a catch-all gets the spam")))
		fail_msg("%s", line ? line : "refused");
}

/* The group of a role that the example has not. */
static bool is_of_another_role(const char *line)
{
	return strncmp(line, "  #gateway:", 11) == 0;
}

static void put_in_force(const char *text, struct buffer *all)
{
	bool other = false;

	for (const char *c = text; *c; c++) {
		bool begins = c == text || c[-1] == '\n';

		if (begins && strncmp(c, "   ", 3) != 0)
			other = is_of_another_role(c);
		if (*c != '#' || other || begins || c[1] == ' ')
			buffer_add_char(all, *c);
	}
}

/* As it is printed, and with every `#key` put in force that the role may have. */
static void the_example_is_accepted(void **state _unused_)
{
	_cleanup_(buffer_free) struct buffer example = BUFFER_INIT, all = BUFFER_INIT;
	const char *text;

	example_write(&example);
	assert_false(example.failed);
	text = buffer_text(&example);
	assert_good(text);
	put_in_force(text, &all);
	assert_int_equal(strncmp(buffer_text(&all), "#cloud-config\n", 14), 0);
	assert_good(buffer_text(&all));
	for (size_t i = 0; i < settings_table_count; i++) {
		_cleanup_free_ char *key = NULL;

		assert_true(asprintf(&key, "%s:", setting_name(&settings_table[i])) > 0);
		if (!(settings_table[i].flags & SETTING_LATER))
			assert_non_null(strstr(text, key));
	}
}

static json_t *at(json_t *schema, const char *path)
{
	_cleanup_free_ char *copy = strdup(path);
	char *rest = copy;

	for (char *name; schema && (name = strsep(&rest, "/"));)
		schema = json_object_get(schema, name);
	return schema;
}

static void the_schema_has_every_key(void **state _unused_)
{
	json_t *schema = schema_settings();
	json_t *users = at(schema, "properties/users/items");

	assert_true(json_is_false(at(schema, "additionalProperties")));
	assert_int_equal(json_array_size(at(schema, "required")), 1); /* users: by the role */
	assert_int_equal(json_array_size(at(users, "required")), 2);
	assert_int_equal(
	    json_integer_value(at(schema, "properties/limits/properties/message_size_mib/maximum")),
	    200);
	assert_string_equal(
	    json_string_value(at(schema, "properties/services/properties/imap/type")), "boolean");
	assert_null(at(schema, "properties/backup"));
	/* Validators print the value that does not match. */
	assert_non_null(at(users, "properties/password_hash"));
	assert_null(at(users, "properties/password_hash/pattern"));
	for (size_t i = 0; i < settings_table_count; i++)
		if (!strchr(settings_table[i].path, '.') &&
		    !(settings_table[i].flags & SETTING_LATER))
			assert_string_equal(json_string_value(at(at(at(schema, "properties"),
								    settings_table[i].path),
								 "description")),
					    settings_table[i].documentation);
	json_decref(schema);
}

static void the_schema_goes_into_cloud_inits(void **state _unused_)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	json_t *schema = json_pack("{s:{}, s:{s:{}}}", "$defs", "properties", "runcmd");

	assert_int_equal(schema_merge(schema, &error), 0);
	assert_non_null(at(schema, "properties/mail/properties/domains"));
	assert_non_null(at(schema, "properties/runcmd"));
	json_decref(schema);
	schema = json_pack("{s:i}", "x", 1);
	assert_int_equal(schema_merge(schema, &error), -EINVAL);
	json_decref(schema);
}

static void keys_are_explained(void **state _unused_)
{
	static const char *const keys[] = {
	    "users[].address",	      "users.address", "mail.limits",
	    "filter.spam.spam_level", "mail",	       "backup.repository"};
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		assert_int_equal(explain_key(&text, keys[i], &error), 0);
	assert_non_null(strstr(buffer_text(&text), "Not available in this version."));
	assert_int_equal(explain_key(&text, "filter.spam.spamlevel", &error), -ENOENT);
	assert_string_equal(error_text(&error), "there is no key \"filter.spam.spamlevel\"; "
						"perhaps filter.spam.spam_level");
}

/* Every line of the page is text or a request that man(7) knows. */
static void the_manual_is_complete(void **state _unused_)
{
	static const char *const requests[] = {".TH ", ".SH ", ".PP",  ".TP",  ".IP",
					       ".B ",  ".I ",  ".BR ", ".BI ", ".RI ",
					       ".nf",  ".fi",  ".br",  ".ad",  ".hy"};
	_cleanup_(buffer_free) struct buffer page = BUFFER_INIT;
	bool known = true;

	manual_write(&page);
	assert_false(page.failed);
	for (const char *line = buffer_text(&page); *line; line = strchr(line, '\n') + 1) {
		known = *line != '.';
		for (size_t i = 0; i < ARRAY_SIZE(requests); i++)
			known = known || begins_with(line, requests[i]);
		if (!known)
			fail_msg("%.60s", line);
		assert_false(*line == '\'');
	}
	for (size_t i = 0; i < settings_table_count; i++) {
		_cleanup_free_ char *row = NULL;

		if (strchr(settings_table[i].path, '-'))
			continue;
		assert_true(asprintf(&row, "\n.B %s\n", settings_table[i].path) > 0);
		assert_non_null(strstr(buffer_text(&page), row));
	}
}

/* The section as a reader sees it, in one line; owned by the caller. */
static char *section_text(const char *page, const char *title)
{
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;
	const char *line = strstr(page, title);

	assert_non_null(line);
	while (*(line = strchr(line, '\n') + 1) && !begins_with(line, ".SH ")) {
		bool glued = begins_with(line, ".BR ");

		if (begins_with(line, ".IP "))
			continue;
		for (line += *line == '.' ? strcspn(line, " ") + 1 : 0; *line != '\n'; line++)
			if (glued && *line == ' ')
				glued = false;
			else if (*line != '\\')
				buffer_add_char(&text, *line);
		buffer_add_char(&text, ' ');
	}
	return buffer_take(&text);
}

/* Every rule says what it sees to, in words that hold: the manual prints them, but for
 * those of keys that come later. */
static void the_manual_tells_every_rule(void **state _unused_)
{
	_cleanup_(buffer_free) struct buffer page = BUFFER_INIT;
	_cleanup_free_ char *section = NULL;
	unsigned shown = 0;

	manual_write(&page);
	section = section_text(buffer_text(&page), ".SH WHAT KEYS MEAN TOGETHER\n");
	for (size_t i = 0; meaning_rules[i]; i++)
		for (const struct rule *rule = meaning_rules[i]; rule->sentence; rule++) {
			_cleanup_free_ char *sentence = strdup(rule->sentence);
			_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;
			bool is_key = false, later = false;
			char *rest = sentence;

			assert_non_null(rule->apply);
			assert_int_equal(sentence[strlen(sentence) - 1], '.');
			for (char *part; (part = strsep(&rest, "`")); is_key = !is_key) {
				if (is_key && !table_find(part))
					fail_msg("%s is no key: %s", part, rule->sentence);
				later |= is_key && table_find(part)->flags & SETTING_LATER;
				buffer_add_text(&text, part);
			}
			assert_true(is_key); /* they come in pairs */
			if (!strstr(section, buffer_text(&text)) != later)
				fail_msg("%s\n%s", buffer_text(&text), section);
			shown += !later;
		}
	assert_in_range(shown, 6, 1000);
}

/* The text between `from` and .fi as a reader sees it; owned by the caller. */
static char *shown_text(const char *from)
{
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;
	const char *end = strstr(from, "\n.fi\n");

	assert_non_null(end);
	for (const char *c = from; c <= end; c++) {
		if (*c == '\\')
			c++;
		buffer_add_char(&text, *c);
	}
	return buffer_take(&text);
}

static void the_manuals_examples_are_accepted(void **state _unused_)
{
	_cleanup_(buffer_free) struct buffer page = BUFFER_INIT;
	const char *start;
	unsigned count = 0;

	manual_write(&page);
	start = strstr(buffer_text(&page), ".SH EXAMPLES\n");
	assert_non_null(start);
	for (; (start = strstr(start, "\n.nf\n#cloud")); count++) {
		_cleanup_free_ char *text = shown_text(start += strlen("\n.nf\n"));

		assert_good(text);
	}
	assert_int_equal(count, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rows_are_in_order),
	    cmocka_unit_test(rows_are_complete),
	    cmocka_unit_test(misspelt_keys_find_their_nearest),
	    cmocka_unit_test(the_example_is_accepted),
	    cmocka_unit_test(the_schema_has_every_key),
	    cmocka_unit_test(the_schema_goes_into_cloud_inits),
	    cmocka_unit_test(keys_are_explained),
	    cmocka_unit_test(the_manual_is_complete),
	    cmocka_unit_test(the_manual_tells_every_rule),
	    cmocka_unit_test(the_manuals_examples_are_accepted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
