// SPDX-License-Identifier: GPL-3.0-or-later
/* The step "packages": which Debian packages, in which versions, the tree, the
 * sysroot and the boot loaders are made from; the keys of what is cached; and
 * the packages themselves, unless all that they make is there already.
 *
 *	CACHE/sets/KIND.lines	see apt_resolve
 *	CACHE/sets/KIND.key	cache_key of all that goes into CACHE/KIND-KEY */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buffer.h"
#include "base/file.h"
#include "image/apt.h"
#include "image/build.h"
#include "image/digest.h"
#include "image/disk.h"
#include "image/package_list.h"
#include "image/space.h"
#include "image/step.h"
#include "image/steps.h"

/* A new number makes every cached result old: for changes of the C code alone. */
#define RECIPE "2"

enum { TEXT_LIMIT = 1 << 20 };

struct set {
	const char *kind;
	const char *list;
	bool depends, essential;
	const char *inputs[8]; /* files whose text is in the key */
};

static const struct set sets[] = {
    {"tree",
     "image/packages",
     true,
     true,
     {"image/initramfs-modules", "overlays/usr/lib/sysusers.d/postcask.conf",
      "image/tree.d/setup00-packages", "image/tree.d/essential00-before-the-rest",
      "image/tree.d/customize00-finish"}},
    {"sysroot", "image/sysroot-packages", true, false, {NULL}},
    {"disk", "image/boot-packages", false, false, {NULL}},
};

/* A plain tree has another list, and none of our hooks that change what is in it. */
static char *set_list(const struct build *build, const struct set *set)
{
	if (build->plain && strcmp(set->kind, "tree") == 0)
		return strdup(build->plain);
	return build_source_path(build, set->list);
}

static bool set_is_wanted(const struct build *build, const struct set *set)
{
	return !build->plain || strcmp(set->kind, "sysroot") != 0;
}

static char *set_path(const struct build *build, const struct set *set, const char *what)
{
	char *path = NULL;

	return asprintf(&path, "%s/sets/%s.%s", build->cache, set->kind, what) < 0 ? NULL : path;
}

/* What decides whether the sets must be worked out again. */
static int inputs_describe(const struct build *build, struct buffer *text, struct error *error)
{
	_cleanup_free_ char *used = build_cache_path(build, "apt/updated");
	struct stat status;

	if (!used || stat(used, &status) < 0)
		return error_errno(error, errno, "package lists");
	buffer_addf(text, "%lld.%09ld\n", (long long)status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
	for (size_t i = 0; i < ARRAY_SIZE(sets); i++) {
		_cleanup_free_ char *path = set_list(build, &sets[i]);
		_cleanup_free_ char *list = NULL;
		int result = file_read(path, TEXT_LIMIT, &list, NULL, error);

		if (result < 0)
			return result;
		buffer_add_text(text, list);
	}
	return text->failed ? error_errno(error, ENOMEM, "package lists") : 0;
}

static int set_resolve(const struct build *build, const struct set *set, struct error *error)
{
	_cleanup_(package_list_free) struct package_list packages = {0};
	_cleanup_free_ char *list = set_list(build, set);
	_cleanup_free_ char *path = set_path(build, set, "lines");
	_cleanup_free_ char *lines = NULL;
	int result;

	if (!set_is_wanted(build, set))
		return 0;
	if (!list || !path)
		return error_errno(error, ENOMEM, "%s", set->list);
	result = package_list_load(list, &packages, error);
	if (result < 0)
		return result;
	result = apt_resolve(build, &packages, set->depends, set->essential, &lines, error);
	if (result < 0)
		return error_wrap(error, "%s", list);
	return file_replace(path, lines, strlen(lines), 0644, -1, -1, error);
}

static int sets_resolve(const struct build *build, struct error *error)
{
	_cleanup_free_ char *path = build_cache_path(build, "sets/inputs");
	_cleanup_(buffer_free) struct buffer inputs = BUFFER_INIT;
	_cleanup_free_ char *before = NULL;
	int result = inputs_describe(build, &inputs, error);

	if (result < 0)
		return result;
	if (file_read(path, TEXT_LIMIT, &before, NULL, NULL) == 0 &&
	    strcmp(before, buffer_text(&inputs)) == 0)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(sets); i++) {
		result = set_resolve(build, &sets[i], error);
		if (result < 0)
			return result;
	}
	return file_replace(path, inputs.data, inputs.size, 0644, -1, -1, error);
}

/* The names of the list: its comments may change. */
static int names_add(const struct build *build, const struct set *set, struct cache_key *key,
		     struct error *error)
{
	_cleanup_(package_list_free) struct package_list packages = {0};
	_cleanup_free_ char *list = set_list(build, set);
	int result = package_list_load(list, &packages, error);

	for (size_t i = 0; i < packages.count; i++)
		cache_key_add(key, "name", packages.names[i]);
	return result;
}

/* The key of one set, left for the other steps. */
static int set_key_write(const struct build *build, const struct set *set, const char *lines,
			 struct error *error)
{
	_cleanup_free_ char *path = set_path(build, set, "key");
	struct cache_key key;
	char hex[KEY_HEX_SIZE];
	int result = 0;

	if (!path)
		return error_errno(error, ENOMEM, "%s", set->kind);
	cache_key_start(&key);
	cache_key_add(&key, "recipe", RECIPE);
	cache_key_add(&key, "suite", BUILD_SUITE);
	cache_key_add(&key, "packages", lines);
	if (build->plain)
		cache_key_add(&key, "plain", "");
	result = names_add(build, set, &key, error);
	for (size_t i = 0; result == 0 && i < ARRAY_SIZE(set->inputs) && set->inputs[i]; i++) {
		_cleanup_free_ char *file = build_source_path(build, set->inputs[i]);
		_cleanup_free_ char *text = NULL;

		result = file_read(file, TEXT_LIMIT, &text, NULL, error);
		if (result == 0)
			cache_key_add(&key, set->inputs[i], text);
	}
	if (result == 0 && strcmp(set->kind, "disk") == 0) {
		_cleanup_free_ char *layout = disk_layout_describe(build);

		cache_key_add(&key, "layout", layout ? layout : "");
	}
	if (cache_key_finish(&key, hex) < 0 && result == 0)
		result = error_errno(error, ENOMEM, "%s", set->kind);
	return result < 0 ? result : file_replace(path, hex, strlen(hex), 0644, -1, -1, error);
}

/* Adds the set's packages to `wanted` unless what they make is cached. */
static int set_finish(const struct build *build, const struct set *set, struct buffer *wanted,
		      struct error *error)
{
	_cleanup_free_ char *path = set_path(build, set, "lines");
	_cleanup_free_ char *lines = NULL, *made = NULL;

	if (!set_is_wanted(build, set))
		return 0;
	int result = file_read(path, 16 * TEXT_LIMIT, &lines, NULL, error);

	if (result == 0)
		result = set_key_write(build, set, lines, error);
	if (result == 0)
		result = build_keyed_path(build, set->kind, &made, error);
	if (result == 0 && !file_exists(made))
		buffer_add_text(wanted, lines);
	return result;
}

int packages_step(void *context, int log, struct error *error)
{
	const struct build *build = context;
	_cleanup_(buffer_free) struct buffer wanted = BUFFER_INIT;
	_cleanup_free_ char *folder = build_cache_path(build, "sets");
	int result = file_make_folders(folder, 0755, error);

	if (result == 0)
		result = apt_update(build, log, error);
	if (result == 0)
		result = sets_resolve(build, error);
	for (size_t i = 0; result == 0 && i < ARRAY_SIZE(sets); i++)
		result = set_finish(build, &sets[i], &wanted, error);
	if (result < 0)
		return result;
	if (wanted.size == 0)
		return STEP_CACHED;
	result = space_check(build, error); /* now that it is known what is missing */
	return result < 0 ? result : apt_download(build, buffer_text(&wanted), log, error);
}
