// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask diff [FILE]: what settings would change in this machine, file by file,
 * and which services would take it.  Changes nothing. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/process.h"
#include "command/command.h"
#include "command/print.h"
#include "component/components.h"
#include "firstboot/source.h"
#include "generation/change.h"
#include "generation/generation.h"

#define CURRENT_FOLDER "/var/lib/postcask/current"

enum { DIFF_MS = 60 * 1000, DIFF_LIMIT = 4 * 1024 * 1024, FILE_LIMIT = 64 * 1024 * 1024 };

static const struct apply_paths paths = {.state = "/var/lib/postcask", .run = "/run/postcask"};

static const char usage[] =
    "usage: postcask diff [--json] [FILE]\n"
    "\n"
    "Shows what `postcask apply FILE` would change in this machine, as root: each\n"
    "configuration file, and the services that would be reloaded or restarted.\n"
    "Without FILE: what the next boot would change, a change by hand among it.\n"
    "\n"
    "  --json    print {\"files\": [{\"path\", \"secret\", \"diff\"}], \"reload\": [UNIT]}\n"
    "\n"
    "Files with secrets are named, but not shown.\n"
    "Exit status: 0 done, 1 the settings are refused or cannot be read, 2 bad usage.\n";

struct comparison {
	const char *rendered; /* folder of what would be */
	struct change change;
	json_t *files;
};

/* Bytes of a file; a missing one is empty. */
static int read_side(const char *folder, const char *name, char **ret_text, size_t *ret_size,
		     struct error *error)
{
	_cleanup_free_ char *path = file_join(folder, name);
	int result = path ? file_read(path, FILE_LIMIT, ret_text, ret_size, error) : -ENOMEM;

	if (result != -ENOENT)
		return result;
	error_clear(error);
	*ret_text = strdup("");
	*ret_size = 0;
	return *ret_text ? 0 : -ENOMEM;
}

/* The unified difference as diff(1) writes it. */
static char *unified(const char *name, const char *rendered)
{
	_cleanup_free_ char *old = file_join(CURRENT_FOLDER, name);
	_cleanup_free_ char *new = file_join(rendered, name), *label = NULL;
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_(buffer_free) struct buffer output = BUFFER_INIT;

	if (!old || !new || asprintf(&label, "/%s", name) < 0)
		return NULL;
	const char *argv[] = {"diff", "-uN", "--label", label, "--label", label, old, new, NULL};
	struct process process = {.argv = argv, .timeout_ms = DIFF_MS, .output_limit = DIFF_LIMIT};
	if (process_run(&process, &output, &error) < 0)
		return strdup(error_text(&error));
	return buffer_take(&output);
}

static int compare_file(struct comparison *comparison, size_t component,
			const struct component_file *file, struct error *error)
{
	bool secret = !(file->mode & S_IROTH);
	_cleanup_free_ char *old = NULL, *new = NULL, *diff = NULL;
	size_t old_size, new_size;
	int result = read_side(CURRENT_FOLDER, file->path, &old, &old_size, error);

	if (result == 0)
		result = read_side(comparison->rendered, file->path, &new, &new_size, error);
	if (result < 0)
		return result;
	if (old_size == new_size && memcmp(old, new, old_size) == 0)
		return 0;
	component_set_add(&comparison->change.changed, component);
	if (!secret)
		diff = unified(file->path, comparison->rendered);
	json_array_append_new(comparison->files,
			      json_pack("{s:o,s:b,s:s*}", "path", json_sprintf("/%s", file->path),
					"secret", secret, "diff", diff));
	return 0;
}

static int compare_all(struct comparison *comparison, struct error *error)
{
	for (size_t i = 0; i < component_count; i++)
		for (const struct component_file *file = components[i]->files; file->path; file++) {
			int result = compare_file(comparison, i, file, error);

			if (result < 0)
				return result;
		}
	return 0;
}

static json_t *load(const char *file, struct error *error)
{
	_cleanup_(apply_outcome_clear) struct apply_outcome outcome = APPLY_OUTCOME_INIT;
	_cleanup_(source_clear) struct source source = SOURCE_INIT;
	int result = 0;

	if (file)
		result = settings_load_file(file, &outcome.diagnostics, &source.settings);
	else
		result = source_load(&paths, NULL, NULL, &outcome, &source, error);
	diagnostics_print(&outcome.diagnostics, stderr);
	if (result < 0 && file)
		error_set(error, result, "%s is refused", file);
	return result < 0 ? NULL : json_incref(source.settings);
}

static int diff(const char *file, struct comparison *comparison, struct error *error)
{
	_cleanup_free_ char *templates = generation_templates();
	char folder[] = "/run/postcask/diff.XXXXXX"; /* in memory: it holds password hashes */
	struct error late = ERROR_INIT;
	_cleanup_json_ json_t *settings = load(file, error);
	int result;

	if (!settings)
		return error->code ? error->code : -EINVAL;
	if (!templates || !mkdtemp(folder))
		return error_errno(error, errno, "%s: cannot make", folder);
	comparison->rendered = folder;
	result = generation_render(settings, templates, folder, false, error);
	if (result == 0)
		result = compare_all(comparison, error);
	comparison->rendered = NULL;
	if (file_remove_tree(folder, &late) < 0 && result == 0)
		result = error_set(error, late.code, "%s", error_text(&late));
	error_clear(&late);
	return result;
}

static void print_text(const struct comparison *comparison, const json_t *units)
{
	const json_t *file, *unit;
	size_t i;

	json_array_foreach(comparison->files, i, file)
	{
		const char *text = json_string_value(json_object_get(file, "diff"));

		if (text)
			fputs(text, stdout);
		else
			printf("%s: changes; it holds secrets and is not shown\n",
			       json_text(file, "path"));
	}
	json_array_foreach(units, i, unit) printf("would reload: %s\n", json_string_value(unit));
	if (json_array_size(comparison->files) == 0)
		puts("nothing would change");
}

static int show(const struct comparison *comparison, bool json)
{
	_cleanup_json_ json_t *units = change_units(&comparison->change);

	if (json) {
		_cleanup_json_ json_t *value =
		    json_pack("{s:O,s:O}", "files", comparison->files, "reload", units);

		return command_print(value, JSON_INDENT(1));
	}
	print_text(comparison, units);
	return fflush(stdout) == 0 ? COMMAND_GOOD : COMMAND_FAILED;
}

int command_diff(int argc, char **argv)
{
	int json = 0;
	const struct command_option options[] = {{"json", .flag = &json, .set = 1}};
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	struct comparison comparison = {0};
	int status = COMMAND_OPTIONS(argc, argv, options, usage, 0, 1);

	if (status != COMMAND_GO_ON)
		return status;
	comparison.files = json_array();
	if (diff(argv[optind], &comparison, &error) < 0) {
		error_print(&error);
		status = COMMAND_FAILED;
	} else {
		status = show(&comparison, json);
	}
	json_decref(comparison.files);
	return status;
}
