// SPDX-License-Identifier: GPL-3.0-or-later
/* settings_load_machine: what cloud-init left in this machine. */
#include <errno.h>
#include <string.h>

#include "base/file.h"
#include "settings/load.h"
#include "settings/settings.h"

#define COMBINED_PATH  "/run/cloud-init/combined-cloud-config.json"
#define USER_DATA_PATH "/var/lib/cloud/instance/user-data.txt"

/* The user-data as it was given: judged as on the host, and the source of
 * places.  A machine without any has none. */
static int load_raw(const char *path, struct diagnostics *diagnostics, struct load *load)
{
	_cleanup_free_ char *text = NULL;
	size_t size;
	int r;

	if (!file_exists(path))
		return 0;
	r = load_file(path, diagnostics, &text, &size);
	if (r < 0)
		return r;
	if (strspn(text, " \t\r\n") == size)
		return 0;
	r = load_user_data(path, text, size, diagnostics, load);
	explicit_bzero(text, size);
	return r;
}

/* cloud-init's merged configuration as a tree. */
static int load_combined(const char *path, struct node_tree *tree, struct diagnostics *diagnostics,
			 struct node **ret_root)
{
	_cleanup_free_ char *text = NULL;
	struct mark mark = {.file = path};
	json_error_t problem;
	json_t *json;
	size_t size;
	int r = load_file(path, diagnostics, &text, &size);

	if (r < 0)
		return r;
	json = json_loadb(text, size, 0, &problem);
	explicit_bzero(text, size);
	if (!json_is_object(json)) {
		json_decref(json);
		mark.line = problem.line > 0 ? (unsigned)problem.line : 0;
		mark.column = problem.column > 0 ? (unsigned)problem.column : 1;
		diagnostics_error(diagnostics, mark,
				  "cloud-init's merged configuration is not JSON (%s); write the "
				  "user-data without .nan or .inf",
				  problem.text);
		return -EINVAL;
	}
	*ret_root = node_from_json(tree, path, json, diagnostics);
	json_decref(json);
	if (*ret_root)
		return 0;
	if (!diagnostics->errors)
		diagnostics->failed = true;
	return diagnostics->failed ? -ENOMEM : -EINVAL;
}

/* Gives `mail`, fqdn and hostname their places in the user-data. */
static void graft_places(const struct node *root, const struct node *raw)
{
	static const char *const keys[] = {"mail", "fqdn", "hostname"};

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		struct node *value = node_get(root, keys[i]);
		const struct node *place = node_get(raw, keys[i]);

		if (!value || !place)
			continue;
		value->key->mark = place->key->mark;
		node_graft_marks(value, place);
	}
}

/* Whether the user-data says by itself what is wrong with it: its own text is
 * then judged, as on the host. */
static bool raw_is_refused(const struct load *raw, const char *name, bool merged,
			   struct diagnostics *diagnostics, int *ret_code)
{
	json_t *settings = NULL;

	if (raw->user_data.unjudged || !node_get(raw->root, "mail") ||
	    (merged && !diagnostics->errors))
		return false;
	*ret_code = load_check(raw->root, name, diagnostics, &settings);
	json_decref(settings);
	return *ret_code < 0 || diagnostics->errors;
}

static int load_merged(const char *combined, const char *user_data, const struct load *raw,
		       struct diagnostics *diagnostics, json_t **ret_settings)
{
	_cleanup_(diagnostics_free) struct diagnostics problem = DIAGNOSTICS_INIT;
	_cleanup_(node_tree_free) struct node_tree tree = NODE_TREE_INIT;
	struct node *root = NULL;
	int r = load_combined(combined, &tree, &problem, &root), code;

	if (r == -ENOMEM)
		return r;
	if (raw_is_refused(raw, user_data, r == 0, diagnostics, &code))
		return code < 0 ? code : -EINVAL;
	if (r < 0) {
		const struct diagnostic *first = &problem.items[0];

		diagnostics_error(diagnostics, (struct mark){combined, first->line, first->column},
				  "%s", first->text);
		return r;
	}
	/* What is misspelt has a place in the user-data. */
	if (!node_get(root, "mail") && raw->root && !node_get(raw->root, "mail"))
		return load_check(raw->root, user_data, diagnostics, ret_settings);
	if (!raw->user_data.unjudged)
		graft_places(root, raw->root);
	return load_check(root, user_data, diagnostics, ret_settings);
}

int settings_load_machine(const struct settings_sources *sources, struct diagnostics *diagnostics,
			  json_t **ret_settings)
{
	const char *combined = sources && sources->combined ? sources->combined : COMBINED_PATH;
	const char *user_data = sources && sources->user_data ? sources->user_data : USER_DATA_PATH;
	_cleanup_(load_free) struct load raw = {0};
	int r;

	if (!file_exists(combined)) { /* cloud-init found nothing, and did not run */
		diagnostics_error(diagnostics, (struct mark){.file = "user-data"},
				  "this machine was given none; write a `mail:` mapping as in "
				  "postcask-settings(5)");
		return -ENOENT;
	}
	r = load_raw(user_data, diagnostics, &raw);
	if (r == 0)
		r = load_merged(combined, user_data, &raw, diagnostics, ret_settings);
	diagnostics_sort(diagnostics);
	return r;
}
