// SPDX-License-Identifier: GPL-3.0-or-later
/* What a build keeps, forgets and leaves out. */
#include "test.h"

#include <errno.h>
#include <unistd.h>

#include "image/build.h"
#include "image/layer.h"
#include "image/step.h"
#include "image/steps.h"

static char *inside(const char *folder, const char *name)
{
	char *path = file_join(folder, name);

	assert_non_null(path);
	return path;
}

static void text_write(const char *folder, const char *name, const char *text)
{
	char *path = inside(folder, name), *parent = strdup(path);

	*strrchr(parent, '/') = '\0';
	assert_int_equal(file_make_folders(parent, 0755, NULL), 0);
	assert_int_equal(file_replace(path, text, strlen(text), 0644, -1, -1, NULL), 0);
	free(parent);
	free(path);
}

static bool is_there(const char *folder, const char *name)
{
	char *path = inside(folder, name);
	bool there = file_exists(path);

	free(path);
	return there;
}

/* The layer's folder, from DIR/roots; checks that it holds `file`. */
static char *layer_read(const char *folder, const char *tree, const char *file)
{
	char *list = inside(folder, "layer/roots"), *roots = NULL;

	assert_int_equal(file_read(list, 4096, &roots, NULL, NULL), 0);
	free(list);
	roots[strcspn(roots, "\n")] = '\0';
	char *second = strchr(roots, ':');
	assert_non_null(second);
	*second++ = '\0';
	assert_string_equal(strrchr(second, '/') + 1, tree);
	assert_true(is_there(roots, file));
	return roots;
}

static void the_layer_changes_when_the_build_is_done(void **state)
{
	char *folder = *state, *upper = inside(folder, "upper");
	struct build build = {.cache = folder, .layer = inside(folder, "layer")};
	char *first, *second;

	text_write(folder, "sets/tree.key", "1");
	text_write(folder, "upper/a", "");
	assert_int_equal(layer_keep(&build, upper, STDERR_FILENO, NULL), 0);
	assert_false(is_there(build.layer, "roots"));
	assert_int_equal(layer_commit(&build, NULL), 0);
	first = layer_read(folder, "tree-1", "a");

	/* A second build, that fails the first time. */
	text_write(folder, "sets/tree.key", "2");
	text_write(folder, "upper/b", "");
	assert_int_equal(layer_keep(&build, upper, STDERR_FILENO, NULL), 0);
	free(layer_read(folder, "tree-1", "a"));
	assert_false(is_there(first, "b"));
	assert_int_equal(layer_discard(&build, NULL), 0);
	assert_false(is_there(build.layer, "files.partial"));
	free(layer_read(folder, "tree-1", "a"));

	assert_int_equal(layer_keep(&build, upper, STDERR_FILENO, NULL), 0);
	assert_int_equal(layer_commit(&build, NULL), 0);
	second = layer_read(folder, "tree-2", "b");
	assert_string_not_equal(first, second);
	assert_false(file_exists(first));
	free(first);
	free(second);
	free(upper);
	free(build.layer);
}

static void a_build_without_a_layer_keeps_none(void **state)
{
	struct build build = {.cache = *state};

	assert_int_equal(layer_commit(&build, NULL), 0);
	assert_int_equal(layer_discard(&build, NULL), 0);
}

static void what_other_keys_have_left_is_forgotten(void **state)
{
	char *folder = *state;
	const struct build build = {.cache = folder};
	static const char *const kinds[] = {"tree", "sysroot", "disk"};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		char name[64];

		snprintf(name, sizeof(name), "sets/%s.key", kinds[i]);
		text_write(folder, name, "new");
		snprintf(name, sizeof(name), "%s-old/etc/x", kinds[i]);
		text_write(folder, name, "");
		snprintf(name, sizeof(name), "%s-new/etc/x", kinds[i]);
		text_write(folder, name, "");
	}
	text_write(folder, "debs/tree-1_all.deb", "");
	assert_int_equal(build_forget_old(&build, NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		char name[64];

		snprintf(name, sizeof(name), "%s-old", kinds[i]);
		assert_false(is_there(folder, name));
		snprintf(name, sizeof(name), "%s-new/etc/x", kinds[i]);
		assert_true(is_there(folder, name));
	}
	assert_true(is_there(folder, "debs/tree-1_all.deb"));
}

static void only_the_wanted_formats_are_made(void **state)
{
	char *folder = *state;
	struct build build = {.output = inside(folder, "image"), .want_raw = true};
	struct error error = ERROR_INIT;

	text_write(folder, "image.raw.partial", "disk");
	assert_int_equal(qcow2_step(&build, STDERR_FILENO, &error), STEP_SKIPPED);
	assert_false(is_there(folder, "image.qcow2.partial"));
	assert_int_equal(raw_step(&build, STDERR_FILENO, &error), STEP_DONE);
	assert_true(is_there(folder, "image.raw.sha256.partial"));
	build.want_raw = false;
	assert_int_equal(raw_step(&build, STDERR_FILENO, &error), STEP_SKIPPED);
	error_clear(&error);
	free(build.output);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    folder_test(the_layer_changes_when_the_build_is_done),
	    folder_test(a_build_without_a_layer_keeps_none),
	    folder_test(what_other_keys_have_left_is_forgotten),
	    folder_test(only_the_wanted_formats_are_made),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
