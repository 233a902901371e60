// SPDX-License-Identifier: GPL-3.0-or-later
#include "generation/change.h"

#include <errno.h>
#include <string.h>

#include "base/process.h"
#include "component/components.h"
#include "generation/smtpd_wait.h"

/* The slowest is amavis on a loaded machine, which reads SpamAssassin's rules. */
enum { RELOAD_TIMEOUT_MS = 120 * 1000, EARLY_TIMEOUT_MS = 10 * 1000 };

static bool component_differs(const struct component *component, const json_t *old,
			      const json_t *new)
{
	for (const struct component_file *file = component->files; file->path; file++)
		if (!json_equal(json_object_get(old, file->path), json_object_get(new, file->path)))
			return true;
	return false;
}

struct change change_between(const json_t *old, const json_t *new)
{
	struct change change = CHANGE_ALL;

	if (!old || !json_equal(json_object_get(old, "version"), json_object_get(new, "version")))
		return change;
	for (size_t i = 0; i < component_count; i++)
		change.changed[i] = component_differs(&components[i], json_object_get(old, "files"),
						      json_object_get(new, "files"));
	return change;
}

void change_add_certificate(struct change *change)
{
	for (size_t i = 0; i < component_count; i++)
		change->changed[i] = change->changed[i] || components[i].serves_certificate;
}

static bool named(const json_t *names, const char *name)
{
	const json_t *entry;
	size_t i;

	json_array_foreach(names, i, entry)
	{
		if (strcmp(json_string_value(entry), name) == 0)
			return true;
	}
	return false;
}

json_t *change_units(const struct change *change)
{
	json_t *units = json_array();

	for (size_t i = 0; i < component_count; i++)
		if (change->changed[i] && !named(units, components[i].unit))
			json_array_append_new(units, json_string(components[i].unit));
	return units;
}

/* Changed components from `from` on that are told by the same verb go into one
 * call: systemd works on them beside each other. */
static int reload_by_verb(const struct change *change, size_t from, bool done[COMPONENTS_MAX],
			  struct error *error)
{
	const char *argv[COMPONENTS_MAX + 3] = {"systemctl", components[from].reload_verb};
	struct process process = {.argv = argv, .timeout_ms = RELOAD_TIMEOUT_MS};
	_cleanup_(buffer_free) struct buffer output = BUFFER_INIT;
	size_t count = 2;

	for (size_t i = from; i < component_count; i++)
		if (change->changed[i] && !done[i] &&
		    strcmp(components[i].reload_verb, components[from].reload_verb) == 0) {
			argv[count++] = components[i].unit;
			done[i] = true;
		}
	int status = process_run(&process, &output, error);
	if (status > 0)
		return error_set(error, EIO, "the daemons did not take the change: %s",
				 buffer_text(&output));
	return status;
}

static bool postfix_changes(const struct change *change)
{
	for (size_t i = 0; i < component_count; i++)
		if (change->changed[i] && strcmp(components[i].name, "postfix") == 0)
			return true;
	return false;
}

int change_reload(const struct change *change, struct error *error)
{
	bool done[COMPONENTS_MAX] = {false};
	struct smtpd_wait wait;
	int result = 0;

	wait.count = 0;
	if (postfix_changes(change))
		smtpd_wait_begin(&wait);

	for (size_t i = 0; i < component_count; i++) {
		if (!change->changed[i] || done[i])
			continue;
		struct error failure = ERROR_INIT;
		int status = reload_by_verb(change, i, done, &failure);

		if (status < 0 && result == 0)
			result = error_set(error, status, "%s", error_text(&failure));
		error_clear(&failure);
	}
	smtpd_wait_end(&wait);
	return result;
}

void change_reload_early(const struct change *change)
{
	for (size_t i = 0; i < component_count; i++) {
		struct error none = ERROR_INIT;
		const char *argv[] = {"systemctl", "--no-block", components[i].reload_verb,
				      components[i].unit, NULL};
		struct process process = {.argv = argv, .timeout_ms = EARLY_TIMEOUT_MS};

		if (change->changed[i] && components[i].starts_early &&
		    process_run(&process, NULL, &none) < 0)
			error_clear(&none);
	}
}
