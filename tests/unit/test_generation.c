// SPDX-License-Identifier: GPL-3.0-or-later
/* generation/generation.c: keys, rendering, committing, pruning. */
#include "test.h"

#include <errno.h>
#include <sys/stat.h>

#include "component/components.h"
#include "generation/generation.h"

/* A folder of templates that have one value each. */
static void templates_make(const char *folder)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;

	for (size_t i = 0; i < component_count; i++)
		for (const struct component_file *file = components[i]->files; file->path; file++) {
			_cleanup_free_ char *path = file_join(folder, file->path);

			*strrchr(path, '/') = '\0';
			assert_int_equal(file_make_folders(path, 0755, &error), 0);
			path[strlen(path)] = '/';
			assert_int_equal(
			    file_replace(path, "value={{value}}\n", 16, 0644, -1, -1, &error), 0);
		}
}

/* With what the marks of the components need. */
static json_t *settings_of(const char *value)
{
	return json_pack("{s:s, s:{s:b}, s:{s:b}, s:{s:b}, s:{s:b, s:b}, s:{s:b, s:b}, s:{s:s}, "
			 "s:{s:s, s:{s:s}}, s:{s:b, s:s}, s:{s:b}, s:{s:b, s:b}, s:{s:s}, "
			 "s:{s:b, s:b}, s:{s:b, s:{s:s}}}",
			 "value", value, "signatures", "updates", 1, "updates", "automatic", 1,
			 "forwarding", "srs", 1, "services", "web", 1, "smtp", 1, "filter", "asked",
			 1, "listing", 0, "dkim", "signer", "filter", "tls", "policies", "follow",
			 "acme", "directory", "", "reports", "read", 1, "tls", "ignore", "ban",
			 "enabled", 1, "here", "logins", 1, "filter", 1, "gateway", "host", "",
			 "search", "indexed", 1, "reading", 1, "authentication", "mirrored", 0,
			 "oauth", "issuer", "");
}

static void key_follows_settings_and_templates(void **state)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_free_ char *changed = file_join(*state, "etc/postfix/main.cf");
	char one[GENERATION_KEY_SIZE], same[GENERATION_KEY_SIZE], other[GENERATION_KEY_SIZE];
	json_t *a = settings_of("a"), *b = settings_of("b");

	templates_make(*state);
	assert_int_equal(generation_key(a, *state, one, &error), 0);
	assert_int_equal(generation_key(a, *state, same, &error), 0);
	assert_int_equal(generation_key(b, *state, other, &error), 0);
	assert_int_equal(strlen(one), 64);
	assert_string_equal(one, same);
	assert_string_not_equal(one, other);
	assert_int_equal(file_replace(changed, "new", 3, 0644, -1, -1, &error), 0);
	assert_int_equal(generation_key(a, *state, other, &error), 0);
	assert_string_not_equal(one, other);
	json_decref(a);
	json_decref(b);
}

static void rendering_gives_modes_and_text(void **state)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_free_ char *templates = file_join(*state, "t"), *folder = file_join(*state, "out");
	_cleanup_free_ char *users = file_join(folder, "etc/postcask/accounts"), *text = NULL;
	json_t *settings = settings_of("x");
	struct stat status;

	templates_make(templates);
	assert_int_equal(generation_render(settings, templates, folder, false, &error), 0);
	assert_int_equal(stat(users, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0640);
	assert_int_equal(file_read(users, 100, &text, NULL, &error), 0);
	assert_string_equal(text, "value=x\n");
	json_decref(settings);
}

static void a_value_without_place_fails_and_leaves_no_generation(void **state)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_free_ char *templates = file_join(*state, "t"), *name = NULL;
	_cleanup_free_ char *half = file_join(*state, "generations/.new");
	_cleanup_free_ char *whole = file_join(*state, "generations/1");
	json_t *settings = settings_of("line\nbreak");

	templates_make(templates);
	assert_int_equal(generation_make(*state, settings, templates,
					 &(struct generation_origin){.key = "key"}, &name, &error),
			 -EINVAL);
	assert_non_null(strstr(error_text(&error), "etc/postfix/main.cf:1"));
	assert_null(name);
	assert_false(file_exists(half) || file_exists(whole));
	json_decref(settings);
}

static void generation_fake(const char *state, unsigned number)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_free_ char *folder = NULL, *manifest = NULL;

	assert_true(asprintf(&folder, "%s/generations/%u", state, number) > 0);
	manifest = file_join(folder, "manifest.json");
	assert_int_equal(file_make_folders(folder, 0755, &error), 0);
	assert_int_equal(file_replace(manifest, "{\"key\":\"k\"}", 11, 0644, -1, -1, &error), 0);
}

static void commit_is_what_current_says(void **state)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_free_ char *name = NULL;
	json_t *manifest = NULL;

	assert_int_equal(generation_current(*state, &name, &manifest, &error), -ENOENT);
	generation_fake(*state, 7);
	assert_int_equal(generation_commit(*state, "generations/7", &error), 0);
	assert_int_equal(generation_current(*state, &name, &manifest, &error), 0);
	assert_string_equal(name, "generations/7");
	json_decref(manifest);
}

static void a_damaged_manifest_is_no_generation(void **state)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_free_ char *manifest = file_join(*state, "generations/1/manifest.json");
	_cleanup_free_ char *name = NULL;
	json_t *value = NULL;

	generation_fake(*state, 1);
	assert_int_equal(generation_commit(*state, "generations/1", &error), 0);
	assert_int_equal(file_replace(manifest, "{\"key\":", 7, 0644, -1, -1, &error), 0);
	assert_int_equal(generation_current(*state, &name, &value, &error), -ENOENT);
}

/* Old and half-made ones go; the one in force stays, and the one before, however old. */
static void pruning_keeps_what_is_in_force(void **state)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_free_ char *half = file_join(*state, "generations/.new/etc");

	for (unsigned i = 1; i <= 9; i++)
		generation_fake(*state, i);
	assert_int_equal(file_make_folders(half, 0755, &error), 0);
	assert_int_equal(generation_commit(*state, "generations/2", &error), 0);
	assert_int_equal(generation_prune(*state, "generations/1", &error), 0);
	for (unsigned i = 1; i <= 9; i++) {
		_cleanup_free_ char *folder = NULL;

		assert_true(asprintf(&folder, "%s/generations/%u", (char *)*state, i) > 0);
		assert_int_equal(file_exists(folder), i <= 2 || i > 4);
	}
	assert_false(file_exists(half));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    folder_test(key_follows_settings_and_templates),
	    folder_test(rendering_gives_modes_and_text),
	    folder_test(a_value_without_place_fails_and_leaves_no_generation),
	    folder_test(commit_is_what_current_says),
	    folder_test(a_damaged_manifest_is_no_generation),
	    folder_test(pruning_keeps_what_is_in_force),
	};

	return cmocka_run_group_tests_name("generation", tests, NULL, NULL);
}
