// SPDX-License-Identifier: GPL-3.0-or-later
/* What must be there for each row of the table of components, and the same where a test has
 * taken something away: a sentence a line for what is missing. */
#ifndef POSTCASK_COMPONENT_CHECKS_H
#define POSTCASK_COMPONENT_CHECKS_H

#include "test.h"

#include <ftw.h>
#include <limits.h>
#include <unistd.h>

#include "base/buffer.h"
#include "certificate/certificate.h"
#include "component/components.h"
#include "component/inner.h"
#include "component/ports.h"
#include "generation/escape.h"
#include "key/key.h"
#include "probe/probe.h"
#include "settings/published.h"
#include "settings/settings.h"
#include "settings/table.h"
#include "volume/place.h"

#define OVERLAYS  "overlays"
#define CURRENT	  "/var/lib/postcask/current/"
#define TEMPLATES "usr/share/postcask/templates/"
#define PRESET	  "usr/lib/systemd/system-preset/10-postcask.preset"
#define SYSUSERS  "usr/lib/sysusers.d/postcask.conf"
#define FIRSTBOOT "postcask-firstboot.service"
#define FLUSH	  "postcask-flush.service"
#define KEYS	  "/var/lib/postcask/keys/"

static const char *const unit_folders[] = {"usr/lib/systemd/system", "etc/systemd/system"};

/* ---- the tree, and the table, from which a test can take something away ---- */

static const char *taken_path, *taken_text; /* a file; of it a text, NULL: all of it */
static const struct component *rows[COMPONENT_SET_SIZE];
static struct buffer said;

#define complain(...)                                                                              \
	do {                                                                                       \
		buffer_addf(&said, __VA_ARGS__);                                                   \
		buffer_add_char(&said, '\n');                                                      \
	} while (0)

static bool is_taken(const char *path)
{
	return taken_path && strcmp(path, taken_path) == 0;
}

/* The text of a file below overlays/, NULL when there is none; owned by the caller. */
static char *overlay_read(const char *path)
{
	_cleanup_free_ char *full = file_join(OVERLAYS, path);
	char *text = NULL, *found;

	if ((is_taken(path) && !taken_text) || file_read(full, SIZE_MAX / 4, &text, NULL, NULL) < 0)
		return NULL;
	if (is_taken(path)) {
		found = strstr(text, taken_text);
		assert_non_null(found);
		memmove(found, found + strlen(taken_text), strlen(found + strlen(taken_text)) + 1);
	}
	return text;
}

static bool overlay_links(const char *path, const char *target)
{
	_cleanup_free_ char *full = file_join(OVERLAYS, path);
	char found[PATH_MAX];
	ssize_t size = readlink(full, found, sizeof(found) - 1);

	return !is_taken(path) && size == (ssize_t)strlen(target) &&
	       memcmp(found, target, (size_t)size) == 0;
}

/* Does the line at `text` have that word among others? */
static bool line_has(const char *text, const char *word)
{
	size_t size;

	for (; *text && *text != '\n'; text += size) {
		text += strspn(text, " \t");
		size = strcspn(text, " \t\n");
		if (size == strlen(word) && memcmp(text, word, size) == 0)
			return true;
	}
	return false;
}

/* Is there a line that begins so and has that word after it? */
static bool says(const char *text, const char *begin, const char *word)
{
	for (const char *line = text; line && *line; line += strcspn(line, "\n")) {
		line += *line == '\n';
		if (strncmp(line, begin, strlen(begin)) == 0 &&
		    line_has(line + strlen(begin), word))
			return true;
	}
	return false;
}

/* A unit's own file of ours and the drop-in for it, as one text; empty: neither is there. */
static char *unit_read(const char *unit)
{
	_cleanup_(buffer_free) struct buffer all = BUFFER_INIT;

	for (size_t i = 0; i < ARRAY_SIZE(unit_folders); i++)
		for (int drop_in = 0; drop_in < 2; drop_in++) {
			_cleanup_free_ char *path = NULL, *text = NULL;

			assert_true(asprintf(&path, "%s/%s%s", unit_folders[i], unit,
					     drop_in ? ".d/postcask.conf" : "") > 0);
			text = overlay_read(path);
			buffer_add_text(&all, text ? text : "");
		}
	buffer_add_text(&all, "");
	return buffer_take(&all);
}

static const struct setting *find_setting(const char *path)
{
	for (size_t i = 0; i < settings_table_count; i++)
		if (strcmp(settings_table[i].path, path) == 0 &&
		    !(settings_table[i].flags & SETTING_LATER))
			return &settings_table[i];
	return NULL;
}

/* Is it made of other keys (settings/derive.c)? */
static bool is_derived(const char *path)
{
	_cleanup_(diagnostics_free) struct diagnostics diagnostics = DIAGNOSTICS_INIT;
	json_t *settings = NULL;
	bool found;

	assert_int_equal(settings_load_file("tests/golden/ten-lines.yaml", &diagnostics, &settings),
			 0);
	found = published_get(settings, path) != NULL;
	json_decref(settings);
	return found;
}

static const struct component *find_row(const char *name)
{
	for (size_t i = 0; i < component_count; i++)
		if (strcmp(rows[i]->name, name) == 0)
			return rows[i];
	return NULL;
}

/* ---- what must be there ---- */

static void check_account(const char *name, const struct component *row)
{
	_cleanup_free_ char *text = overlay_read(SYSUSERS);

	if (name && strcmp(name, "root") != 0 && !says(text, "u ", name) && !says(text, "g ", name))
		complain("%s: no account or group %s in " SYSUSERS, row->name, name);
}

static void check_extra(const char *extra, const struct component *row)
{
	_cleanup_free_ char *key = NULL;

	assert_true(asprintf(&key, "extra.%s", extra) > 0);
	if (!find_setting(key))
		complain("%s: there is no key mail.%s", row->name, key);
}

static void check_file(const struct component *row, const struct component_file *file)
{
	_cleanup_free_ char *template = NULL, *target = NULL, *text = NULL;

	assert_true(asprintf(&template, TEMPLATES "%s", file->path) > 0);
	assert_true(asprintf(&target, CURRENT "%s", file->mark ? COMPONENT_MARKS : file->path) > 0);
	text = overlay_read(template);
	if (!overlay_links(file->mark ? COMPONENT_MARKS : file->path, target))
		complain("%s: " OVERLAYS "/%s is no link to %s", row->name,
			 file->mark ? COMPONENT_MARKS : file->path, target);
	if (!text != file->mark)
		complain("%s: %s " OVERLAYS "/%s", row->name, text ? "nobody reads" : "there is no",
			 template);
	if (!escape_find(file->escape, strlen(file->escape)))
		complain("%s: %s: there is no escape %s", row->name, file->path, file->escape);
	if (text && strstr(text, KEYS) && !row->keys[0])
		complain("%s: %s names a key, but the row has none", row->name, file->path);
	if (file->extra)
		check_extra(file->extra, row);
	check_account(file->group, row);
}

/* By the preset, or as a timer that timers.target wants. */
static bool is_enabled(const char *unit)
{
	_cleanup_free_ char *preset = overlay_read(PRESET), *link = NULL, *target = NULL;

	assert_true(asprintf(&link, "%s/timers.target.wants/%s", unit_folders[0], unit) > 0);
	assert_true(asprintf(&target, "../%s", unit) > 0);
	return says(preset, "enable ", unit) || overlay_links(link, target);
}

static bool queue_waits(const struct component *row)
{
	for (const struct component_wait *wait = row->waits; wait->what; wait++)
		if (!wait->others)
			return true;
	return false;
}

/* It starts beside postcask-firstboot, and asks for the settings when it has loaded. */
static bool waits_itself(const char *unit)
{
	for (size_t i = 0; i < component_count; i++)
		if (rows[i]->socket && strcmp(rows[i]->units[0], unit) == 0)
			return true;
	return false;
}

static void check_unit(const struct component *row, const char *unit)
{
	_cleanup_free_ char *text = unit_read(unit), *mark = NULL, *older = NULL;
	bool early = row->starts_early || strstr(unit, ".service") == NULL;

	assert_true(asprintf(&mark, "/" COMPONENT_MARKS "/%s", row->name) > 0);
	assert_true(asprintf(&older, "|%s", mark) > 0);
	if (!is_enabled(unit))
		complain("%s: %s is enabled nowhere", row->name, unit);
	if (row->wanted && !says(text, "ConditionFileNotEmpty=", mark) &&
	    !says(text, "ConditionFileNotEmpty=", older))
		complain("%s: %s has no condition on %s", row->name, unit, mark);
	if (!*text && !row->starts_early)
		complain("%s: there is no unit or drop-in for %s", row->name, unit);
	if (early || !row->files[0].path)
		return;
	if (!says(text, "Requires=", FIRSTBOOT))
		complain("%s: %s does not require " FIRSTBOOT, row->name, unit);
	if (!waits_itself(unit) && !says(text, "After=", FIRSTBOOT))
		complain("%s: %s is not after " FIRSTBOOT, row->name, unit);
	if (queue_waits(row) && !says(text, "Wants=", FLUSH))
		complain("%s: %s does not want " FLUSH, row->name, unit);
}

static void check_mark(const struct component *row)
{
	_cleanup_free_ char *mark = NULL;
	bool found = false;

	assert_true(asprintf(&mark, COMPONENT_MARKS "/%s", row->name) > 0);
	for (const struct component_file *file = row->files; file->path; file++)
		found |= file->mark && strcmp(file->path, mark) == 0;
	if (row->wanted) {
		_cleanup_free_ char *path =
		    strndup(row->wanted, strcspn(row->wanted, " ")); /* of a condition */

		if (!find_setting(path) && !is_derived(path))
			complain("%s: there is no key mail.%s", row->name, path);
	}
	if (found != (row->wanted != NULL))
		complain("%s: %s", row->name, found ? "a mark that nobody fills" : "no mark");
}

/* Nobody runs over the end of a list. */
static void check_ends(const struct component *row)
{
	if (row->files[COMPONENT_FILES - 1].path || row->checker[COMPONENT_ARGUMENTS - 1] ||
	    row->units[COMPONENT_UNITS - 1] || row->inner[COMPONENT_PORTS - 1].name ||
	    row->keys[COMPONENT_KEYS - 1] || row->accounts[COMPONENT_ACCOUNTS - 1] ||
	    row->watches[COMPONENT_WATCHES - 1].address || row->waits[COMPONENT_WAITS - 1].what ||
	    row->logs[COMPONENT_LOGS - 1].writer)
		complain("%s: a list has no end", row->name);
}

static void check_keys(const struct component *row)
{
	for (const char *const *key = row->keys; *key; key++) {
		bool found = false;

		for (size_t i = 0; i < key_kind_count; i++)
			found |= strcmp(key_kinds[i]->name, *key) == 0;
		if (!found)
			complain("%s: there is no kind of keys %s", row->name, *key);
	}
}

static void check_needs(size_t number)
{
	for (size_t i = 0; i < number && rows[number]->needs; i++)
		if (strcmp(rows[i]->name, rows[number]->needs->name) == 0)
			return;
	if (rows[number]->needs)
		complain("%s: stands before what it needs", rows[number]->name);
}

static void check_rows(void)
{
	for (size_t i = 0; i < component_count; i++) {
		const struct component *row = rows[i];

		for (const struct component_file *file = row->files; file->path; file++)
			check_file(row, file);
		for (const char *const *unit = row->units; *unit; unit++)
			check_unit(row, *unit);
		for (const char *const *account = row->accounts; *account; account++)
			check_account(*account, row);
		for (const struct component_log *log = row->logs; log->writer; log++)
			check_account(log->account, row);
		check_account(row->password_group, row);
		check_mark(row);
		check_keys(row);
		check_ends(row);
		check_needs(i);
		if (row->ports && !component_has_key(row, CERTIFICATE_KEY))
			complain("%s: a public port without a certificate", row->name);
		if (row->reload_verb && !row->units[0])
			complain("%s: no unit to %s", row->name, row->reload_verb);
	}
}

/* Each public port is one component's, and one key of the settings says its number. */
static void check_ports(void)
{
	for (enum port port = 0; port < PORTS; port++) {
		_cleanup_free_ char *key = NULL, *sentence = NULL;
		const struct setting *setting;
		size_t servers = 0;

		assert_true(asprintf(&key, "services.%s", port_table[port].name) > 0);
		assert_true(asprintf(&sentence, "Port %u: ", port_table[port].number) > 0);
		setting = find_setting(key);
		if (!setting || strncmp(setting->documentation, sentence, strlen(sentence)) != 0)
			complain("no key mail.%s of \"%s...\"", key, sentence);
		for (size_t i = 0; i < component_count; i++)
			servers += (rows[i]->ports & PORT_BIT(port)) != 0;
		if (servers != 1)
			complain("%zu components serve port %s", servers, port_table[port].name);
	}
	for (size_t i = 0; i < settings_table_count; i++) {
		const char *name = settings_table[i].path + strlen("services.");

		if (strncmp(settings_table[i].path, "services.", strlen("services.")) == 0 &&
		    !(settings_table[i].flags & SETTING_LATER) &&
		    strncmp(settings_table[i].documentation, "Port ", 5) == 0 &&
		    port_find(name) == PORT_NONE)
			complain("mail.services.%s is no port of component/ports.c", name);
	}
}

/* Who logs in on a port, or where nobody does, looks at its certificate, asks the component that
 * has it. */
static bool asks_server(const struct probe *probe)
{
	const char *port = probe->port < PORTS ? port_table[probe->port].name : "-";
	size_t size = strlen(port);

	return strncmp(probe->name, port, size) == 0 &&
	       strcmp(probe->name + size, probe->port == PORT_HTTPS ? "-tls" : "-login") == 0;
}

static void check_probes(void)
{
	uint32_t asked = 0;

	for (size_t i = 0; i < probe_table_size; i++) {
		const struct probe *probe = &probe_table[i];
		const struct component *row = find_row(probe->component);

		if (!row) {
			complain("probe %s: no component %s", probe->name, probe->component);
		} else if (asks_server(probe)) {
			asked |= PORT_BIT(probe->port);
			if (!(row->ports & PORT_BIT(probe->port)))
				complain("probe %s: the port is not %s's", probe->name, row->name);
		}
	}
	for (enum port port = 0; port < PORTS; port++)
		if (!(asked & PORT_BIT(port)))
			complain("no probe %s-login or -tls", port_table[port].name);
}

static void check_extras(void)
{
	for (size_t i = 0; i < settings_table_count; i++) {
		const char *path = settings_table[i].path;
		bool used = strncmp(path, "extra.", 6) != 0;

		for (size_t j = 0; j < component_count && !used; j++)
			for (const struct component_file *file = rows[j]->files; file->path; file++)
				used |= file->extra && strcmp(file->extra, path + 6) == 0;
		if (!used)
			complain("no file ends with the lines of mail.%s", path);
	}
}

static bool is_file_of_row(const char *path)
{
	for (size_t i = 0; i < component_count; i++)
		for (const struct component_file *file = rows[i]->files; file->path; file++)
			if (strcmp(file->path, path) == 0)
				return true;
	return strcmp(path, COMPONENT_MARKS) == 0;
}

static int check_link(const char *path, const struct stat *status _unused_, int type,
		      struct FTW *place _unused_)
{
	char target[PATH_MAX] = "";

	if (type == FTW_SL && readlink(path, target, sizeof(target) - 1) > 0 &&
	    strncmp(target, CURRENT, strlen(CURRENT)) == 0 &&
	    !is_file_of_row(path + strlen(OVERLAYS "/")))
		complain("no row has the file of the link %s", path);
	return 0;
}

static void check_places(void)
{
	for (size_t i = 0; i < place_count; i++)
		for (const char *const *unit = places[i].units; *unit; unit++) {
			bool found = false;

			for (size_t j = 0; j < component_count && !found; j++)
				for (const char *const *own = rows[j]->units; *own; own++)
					found |= strcmp(*own, *unit) == 0;
			if (!found)
				complain("%s: no row has the unit %s", places[i].path, *unit);
		}
}

/* An inner port is a number of the table, and no template writes it again. */
static void check_inner(const struct component *row)
{
	for (const struct component_port *port = row->inner; port->name; port++)
		for (size_t i = 0; i < component_count; i++)
			for (const struct component_file *file = rows[i]->files; file->path;
			     file++) {
				_cleanup_free_ char *path = NULL, *number = NULL, *text = NULL;

				assert_true(asprintf(&path, TEMPLATES "%s", file->path) > 0);
				assert_true(asprintf(&number, port->number < 1024 ? ":%u" : "%u",
						     port->number) > 0);
				text = overlay_read(path);
				if (text && strstr(text, number))
					complain("%s writes the port {{component.%s.%s}} itself",
						 path, row->name, port->name);
			}
}

static void check_writers(void)
{
	for (enum line_writer writer = WRITER_NONE + 1; writer < WRITERS; writer++) {
		size_t count = 0;

		for (size_t i = 0; i < component_count; i++) {
			bool has = false; /* under one account or several */

			for (const struct component_log *log = rows[i]->logs; log->writer; log++)
				has = has || log->writer == writer;
			count += has;
		}
		if (count != 1)
			complain("%zu rows have the log of writer %d", count, (int)writer);
	}
}

/* What is missing, a line each; "" when nothing is. */
static const char *check_all(void)
{
	buffer_free(&said);
	said = BUFFER_INIT;
	check_rows();
	check_ports();
	check_probes();
	check_extras();
	check_writers();
	check_places();
	assert_int_equal(nftw(OVERLAYS "/etc", check_link, 16, FTW_PHYS), 0);
	for (size_t i = 0; i < component_count; i++)
		check_inner(rows[i]);
	buffer_add_text(&said, "");
	return buffer_text(&said);
}

#endif
