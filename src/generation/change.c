// SPDX-License-Identifier: GPL-3.0-or-later
#include "generation/change.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json_file.h"
#include "base/process.h"
#include "generation/smtpd_wait.h"
#include "key/key.h"

/* The slowest is amavis on a loaded machine, which reads SpamAssassin's rules. */
enum { RELOAD_TIMEOUT_MS = 120 * 1000, EARLY_TIMEOUT_MS = 10 * 1000 };

static bool file_differs(const struct component_file *file, const json_t *old, const json_t *new)
{
	return !json_equal(json_object_get(old, file->path), json_object_get(new, file->path));
}

struct change change_between(const json_t *old, const json_t *new)
{
	const json_t *before = json_object_get(old, "files"),
		     *after = json_object_get(new, "files");
	struct change change = {0};

	if (!old || !json_equal(json_object_get(old, "version"), json_object_get(new, "version")))
		return CHANGE_ALL;
	for (size_t i = 0; i < component_count; i++)
		for (const struct component_file *file = components[i]->files; file->path; file++) {
			if (!file_differs(file, before, after))
				continue;
			component_set_add(&change.changed, i);
			if (file->mark)
				component_set_add(&change.switched, i);
		}
	return change;
}

void change_add_keys(struct change *change, uint32_t kinds)
{
	for (size_t kind = 0; kind < key_kind_count; kind++)
		for (size_t i = 0; i < component_count; i++)
			if ((kinds & KEY_BIT(kind)) &&
			    component_has_key(components[i], key_kinds[kind]->name))
				component_set_add(&change->changed, i);
}

/* Has its unit anything to take? */
static bool takes_change(const struct change *change, size_t number)
{
	return components[number]->reload_verb && component_set_has(&change->changed, number);
}

json_t *change_units(const struct change *change)
{
	json_t *units = json_array();

	for (size_t i = 0; i < component_count; i++)
		if (takes_change(change, i) && !json_has_text(units, components[i]->units[0]))
			json_array_append_new(units, json_string(components[i]->units[0]));
	return units;
}

static bool is_switched(const struct change *change, size_t number)
{
	return components[number]->wanted && component_set_has(&change->switched, number);
}

/* What is switched is stopped, and then started if it is wanted.  Not restarted: of a service and
 * its socket that are told that at once, systemd may start the service first, and then has the
 * socket fail. */
static const char *verb_of(const struct change *change, size_t number)
{
	return is_switched(change, number) ? "start" : components[number]->reload_verb;
}

/* Changed components from `from` on that are told by the same verb go into one
 * call: systemd works on them beside each other.  Fills argv, and adds to `done`. */
static void collect_units(const struct change *change, size_t from, struct component_set *done,
			  const char **argv)
{
	const char *verb = verb_of(change, from);

	*argv++ = "systemctl";
	*argv++ = verb;
	for (size_t i = from; i < component_count; i++) {
		if (!takes_change(change, i) || component_set_has(done, i) ||
		    strcmp(verb_of(change, i), verb) != 0)
			continue;
		component_set_add(done, i);
		for (const char *const *unit = components[i]->units; *unit; unit++)
			if (unit == components[i]->units || is_switched(change, i))
				*argv++ = *unit;
	}
}

static int tell(const char **argv, struct error *error)
{
	struct process process = {.argv = argv, .timeout_ms = RELOAD_TIMEOUT_MS};
	_cleanup_(buffer_free) struct buffer output = BUFFER_INIT;
	int status = process_run(&process, &output, error);

	if (status > 0)
		return error_set(error, EIO, "the daemons did not take the change: %s",
				 buffer_text(&output));
	return status;
}

static int reload_by_verb(const struct change *change, size_t from, struct component_set *done,
			  struct error *error)
{
	_cleanup_free_ const char **argv =
	    calloc(component_count * COMPONENT_UNITS + 3, sizeof(*argv));
	int status = 0;

	if (!argv)
		return error_set(error, ENOMEM, "out of memory");
	collect_units(change, from, done, argv);
	if (strcmp(argv[1], "start") == 0) {
		argv[1] = "stop";
		status = tell(argv, error);
		argv[1] = "start";
	}
	return status < 0 ? status : tell(argv, error);
}

static bool has_idle_servers(const struct change *change)
{
	for (size_t i = 0; i < component_count; i++)
		if (takes_change(change, i) && components[i]->idle_servers)
			return true;
	return false;
}

int change_reload(const struct change *change, struct error *error)
{
	struct component_set done = {0};
	struct smtpd_wait wait;
	int result = 0;

	wait.count = 0;
	if (has_idle_servers(change))
		smtpd_wait_begin(&wait);

	for (size_t i = 0; i < component_count; i++) {
		if (!takes_change(change, i) || component_set_has(&done, i))
			continue;
		struct error failure = ERROR_INIT;
		int status = reload_by_verb(change, i, &done, &failure);

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
		const char *argv[] = {"systemctl", "--no-block", verb_of(change, i),
				      components[i]->units[0], NULL};
		struct process process = {.argv = argv, .timeout_ms = EARLY_TIMEOUT_MS};

		if (takes_change(change, i) && components[i]->starts_early &&
		    process_run(&process, NULL, &none) < 0)
			error_clear(&none);
	}
}
