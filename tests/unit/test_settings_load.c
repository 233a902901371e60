// SPDX-License-Identifier: GPL-3.0-or-later
/* The loader beyond what golden files show: limits, size, secrets, encodings. */
#include "test.h"

#include <crypt.h>
#include <errno.h>
#include <time.h>

#include "base/buffer.h"
#include "base/utf8.h"
#include "settings/encoding.h"
#include "settings/names.h"
#include "settings/scalar.h"
#include "settings/settings.h"
#include "settings/type_secret.h"

#define HASH "$y$j9T$abcdefghijklmnopqrstu.$1Fiqw3BWqEcVl3Jf3Qp9Zq4uuhYbaX/dcHzPMyHRZR/"
#define HEAD "#cloud-config\nfqdn: mail.example.org\nmail:\n  domains: [example.org]\n  users:\n"

static int load(const struct buffer *text, json_t **ret_settings, char **ret_line)
{
	_cleanup_(diagnostics_free) struct diagnostics diagnostics = DIAGNOSTICS_INIT;
	int r =
	    settings_load_text("test", buffer_text(text), text->size, &diagnostics, ret_settings);

	*ret_line = diagnostics.count ? diagnostic_line(&diagnostics.items[0]) : NULL;
	return r;
}

static void assert_refused(const struct buffer *text, const char *expected)
{
	json_t *settings = NULL;
	_cleanup_free_ char *line = NULL;

	assert_int_equal(load(text, &settings, &line), -EINVAL);
	assert_string_equal(line, expected);
}

static void add_user(struct buffer *text, unsigned number)
{
	buffer_addf(text,
		    "    - address: user%u@example.org\n      password_hash: \"" HASH "\"\n"
		    "      name: User %u\n",
		    number, number);
}

/* The figure is 1 s and 64 MiB; a busy machine or a sanitizer gets more time. */
static void ten_thousand_users_are_quick(void **state _unused_)
{
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;
	_cleanup_free_ char *line = NULL;
	json_t *settings = NULL;
	clock_t start;

	buffer_add_text(&text, HEAD);
	for (unsigned i = 0; i < 10000; i++)
		add_user(&text, i);
	start = clock();
	assert_int_equal(load(&text, &settings, &line), 0);
	assert_true(clock() - start < 5 * CLOCKS_PER_SEC);
	assert_int_equal(json_array_size(json_object_get(settings, "users")), 10000);
	json_decref(settings);
	settings = NULL;
	add_user(&text, 5000);
	assert_refused(&text, "test:30006:16: user5000@example.org is a user already (line 15006; "
			      "case does not matter); write it once");
}

static void limits_are_said(void **state _unused_)
{
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;

	buffer_add_text(&text, HEAD);
	add_user(&text, 1);
	buffer_add_text(&text, "  postmaster: ");
	for (size_t i = 0; i < SETTINGS_SCALAR_LIMIT + 1; i++)
		buffer_add_char(&text, 'a');
	buffer_add_char(&text, '\n');
	assert_refused(&text, "test:9:15: a value of 1048577 bytes; write at most 1048576");

	buffer_reset(&text);
	buffer_add_text(&text, "#cloud-config\nmail:\n  domains: [");
	for (size_t i = 0; i < SETTINGS_NODES_LIMIT; i++)
		buffer_add_text(&text, "a,");
	buffer_add_text(&text, "a]\n");
	assert_refused(&text, "test:3:1000005: more than 500000 values; write fewer");

	buffer_reset(&text);
	buffer_add_text(&text, "#cloud-config\n");
	while (text.size <= SETTINGS_SIZE_LIMIT)
		buffer_add_text(&text, "# a comment that makes the file larger\n");
	assert_refused(&text, "test: 16777229 bytes; write at most 16 MiB");
}

static void deep_and_wide_input_ends(void **state _unused_)
{
	static const char *const pieces[] = {"[", "{a: ", "- ", "? ", "&a [*a, ", "\"", "!!", "'"};

	for (size_t i = 0; i < ARRAY_SIZE(pieces); i++) {
		_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;
		_cleanup_free_ char *line = NULL;
		json_t *settings = NULL;

		buffer_add_text(&text, "#cloud-config\nmail:\n  ");
		for (unsigned j = 0; j < 100000; j++)
			buffer_add_text(&text, pieces[i]);
		assert_int_equal(load(&text, &settings, &line), -EINVAL);
		assert_non_null(line);
	}
}

static void secrets_are_redacted(void **state _unused_)
{
	json_t *settings = json_pack("{s:[{s:s, s:s}], s:{s:s, s:s}, s:s}", "users", "address",
				     "alice@example.org", "password_hash", HASH, "tls", "key",
				     "KEY", "certificate", "CERTIFICATE", "hostname", "h");
	json_t *copy = settings_redact(settings);
	_cleanup_free_ char *text = json_dumps(copy, JSON_SORT_KEYS | JSON_COMPACT);

	assert_string_equal(text, "{\"hostname\":\"h\",\"tls\":{\"certificate\":\"CERTIFICATE\","
				  "\"key\":\"(secret)\"},\"users\":[{\"address\":"
				  "\"alice@example.org\",\"password_hash\":\"(secret)\"}]}");
	assert_string_equal(
	    json_string_value(json_object_get(json_object_get(settings, "tls"), "key")), "KEY");
	json_decref(copy);
	json_decref(settings);
}

/* What crypt(3) itself makes is accepted. */
static void hashes_of_crypt_are_accepted(void **state _unused_)
{
	static const struct {
		const char *prefix;
		unsigned long count;
	} kinds[] = {{"$y$", 0}, {"$y$", 1}, {"$6$", 0}, {"$6$", 100000}, {"$2b$", 10}};
	const struct setting setting = {.path = "users[].password_hash"};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		_cleanup_(error_clear) struct error error = ERROR_INIT;
		_cleanup_free_ char *value = NULL;
		char *salt = crypt_gensalt(kinds[i].prefix, kinds[i].count, NULL, 0);
		const char *hash = salt ? crypt("secret", salt) : NULL;

		assert_non_null(hash);
		if (type_check_password_hash(&setting, hash, strlen(hash), &value, &error) < 0)
			fail_msg("%s: %s", hash, error_text(&error));
	}
}

static void scalars_are_those_of_yaml_1_1(void **state _unused_)
{
	static const struct {
		const char *text;
		enum node_kind kind;
		int64_t value;
	} table[] = {
	    {"", NODE_NULL, 0},
	    {"~", NODE_NULL, 0},
	    {"nULL", NODE_TEXT, 0},
	    {"yes", NODE_BOOLEAN, 1},
	    {"oFF", NODE_TEXT, 0},
	    {"y", NODE_TEXT, 0},
	    {"0", NODE_INTEGER, 0},
	    {"-12", NODE_INTEGER, -12},
	    {"0123", NODE_INTEGER, 83},
	    {"0o17", NODE_TEXT, 0},
	    {"089", NODE_TEXT, 0},
	    {"0x_f", NODE_INTEGER, 15},
	    {"0b_", NODE_BROKEN, 0},
	    {"1_000", NODE_INTEGER, 1000},
	    {"12:30", NODE_INTEGER, 750},
	    {"12:60", NODE_TEXT, 0},
	    {"1:2:3", NODE_INTEGER, 3723},
	    {"1.5", NODE_DECIMAL, 0},
	    {"1.", NODE_DECIMAL, 0},
	    {"1e5", NODE_TEXT, 0},
	    {"1.0e5", NODE_TEXT, 0},
	    {"1.0e+5", NODE_DECIMAL, 0},
	    {"+.inf", NODE_DECIMAL, 0},
	    {".nan", NODE_DECIMAL, 0},
	    {"+.nan", NODE_TEXT, 0},
	    {"2024-02-29", NODE_DATE, 0},
	    {"2023-02-29", NODE_BROKEN, 0},
	    {"2024-2-9", NODE_TEXT, 0},
	    {"2024-2-9 1:02:03", NODE_DATE, 0},
	    {"2024-02-09T01:02:03.5+01:00", NODE_DATE, 0},
	    {"2024-02-09T25:02:03Z", NODE_BROKEN, 0},
	    {"=", NODE_BROKEN, 0},
	    {"<<", NODE_BROKEN, 0},
	    {"mail.example.org", NODE_TEXT, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct node node = {.text = table[i].text, .size = strlen(table[i].text)};

		scalar_resolve(&node);
		if (node.kind != table[i].kind)
			fail_msg("%s is %d", table[i].text, node.kind);
		if (node.kind == NODE_INTEGER)
			assert_int_equal(node.integer, table[i].value);
		if (node.kind == NODE_BOOLEAN)
			assert_int_equal(node.boolean, table[i].value);
	}
}

static void utf8_is_strict(void **state _unused_)
{
	static const char *const bad[] = {"\x80",
					  "\xc0\xaf",
					  "\xc1\x81",
					  "\xe0\x80\xaf",
					  "\xed\xa0\x80",
					  "\xf0\x8f\xbf\xbf",
					  "\xf4\x90\x80\x80",
					  "\xf8\x88\x80\x80\x80",
					  "\xc3",
					  "\xe2\x82",
					  "\xff"};
	uint32_t character;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(utf8_decode(bad[i], strlen(bad[i]), &character), 0);
	assert_int_equal(utf8_decode("\xf0\x9f\x93\xa7", 4, &character), 4);
	assert_int_equal(character, 0x1f4e7);
	assert_int_equal(encoding_length("a\xc3\xa4\xe2\x82\xac", 6), 3);
}

static void quotes_show_what_is_not_seen(void **state _unused_)
{
	_cleanup_free_ char *quoted = encoding_quote("a\n\x1b\xc2\x85\xe2\x80\xae\xff", 9);

	assert_string_equal(quoted, "\"a\\x0a\\x1b\\xc2\\x85\\xe2\\x80\\xae\\xff\"");
}

static void names_are_found_again(void **state _unused_)
{
	_cleanup_(names_free) struct names names = NAMES_INIT;
	static char text[5000][8];

	for (unsigned i = 0; i < 5000; i++) {
		snprintf(text[i], sizeof(text[i]), "n%u", i);
		assert_null(names_find(&names, text[i], strlen(text[i])));
		assert_int_equal(names_add(&names, text[i], strlen(text[i]), text[i]), 0);
	}
	for (unsigned i = 0; i < 5000; i++)
		assert_ptr_equal(names_find(&names, text[i], strlen(text[i])), text[i]);
	assert_null(names_find(&names, "n5000", 5));
}

static void an_unreadable_file_is_said(void **state _unused_)
{
	_cleanup_(diagnostics_free) struct diagnostics diagnostics = DIAGNOSTICS_INIT;
	_cleanup_free_ char *line = NULL;
	json_t *settings = NULL;

	assert_int_equal(settings_load_file("/nowhere/at/all", &diagnostics, &settings), -EIO);
	line = diagnostic_line(&diagnostics.items[0]);
	assert_string_equal(line, "/nowhere/at/all: cannot be read (No such file or directory); "
				  "name a file that can");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(ten_thousand_users_are_quick),
	    cmocka_unit_test(limits_are_said),
	    cmocka_unit_test(deep_and_wide_input_ends),
	    cmocka_unit_test(secrets_are_redacted),
	    cmocka_unit_test(hashes_of_crypt_are_accepted),
	    cmocka_unit_test(scalars_are_those_of_yaml_1_1),
	    cmocka_unit_test(utf8_is_strict),
	    cmocka_unit_test(quotes_show_what_is_not_seen),
	    cmocka_unit_test(names_are_found_again),
	    cmocka_unit_test(an_unreadable_file_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
