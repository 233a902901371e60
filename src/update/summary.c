// SPDX-License-Identifier: GPL-3.0-or-later
#include "update/summary.h"

#include <stdio.h>
#include <time.h>

#include "base/file.h"
#include "base/json_file.h"
#include "state/report_state.h"
#include "update/state.h"

const struct update_paths update_machine = {UPDATE_CONFIG, UPDATE_FOLDER, UPDATE_REBOOT};

enum {
	DAY = 24 * 60 * 60,
	PATIENCE_DAYS = 7,
	NAMES_SHOWN = 8,
	DATE_SIZE = sizeof("2026-01-01T00:00:00Z"),
};

static void format_date(json_int_t when, char date[DATE_SIZE])
{
	time_t seconds = (time_t)when;
	struct tm parts;

	if (!gmtime_r(&seconds, &parts) || !strftime(date, DATE_SIZE, "%Y-%m-%dT%H:%M:%SZ", &parts))
		snprintf(date, DATE_SIZE, "-");
}

static json_t *date_or_null(json_int_t when)
{
	char date[DATE_SIZE];

	format_date(when, date);
	return when > 0 ? json_string(date) : json_null();
}

static json_int_t days_since(json_int_t when, json_int_t now)
{
	return when > 0 && now > when ? (now - when) / DAY : 0;
}

/* "a, b, c, ..." */
static void add_names(const json_t *packages, bool held, json_int_t until, struct buffer *text)
{
	const json_t *package;
	unsigned shown = 0;
	size_t i;

	json_array_foreach(packages, i, package)
	{
		if ((held && !json_is_true(json_object_get(package, "held"))) ||
		    (until && json_number(package, "since") > until))
			continue;
		if (shown++ < NAMES_SHOWN)
			buffer_addf(text, "%s%.64s", shown > 1 ? ", " : "",
				    json_text(package, "name"));
	}
	if (shown > NAMES_SHOWN)
		buffer_add_text(text, ", ...");
}

static void degrade(json_t *report, struct buffer *text)
{
	json_t *note = json_string(buffer_text(text));

	json_array_append(json_object_get(json_object_get(report, "updates"), "notes"), note);
	report_degrade(report, note);
	buffer_reset(text);
}

/* Those of a report that was written before: what is said now takes their place. */
static void forget_notes(json_t *report)
{
	json_t *old = json_object_get(json_object_get(report, "updates"), "notes");
	json_t *notes = json_object_get(report, "notes"), *note;
	size_t i, j;

	json_array_foreach(old, i, note)
	{
		for (j = json_array_size(notes); j-- > 0;)
			if (json_equal(json_array_get(notes, j), note))
				json_array_remove(notes, j);
	}
}

static void judge_waiting(json_t *report, const json_t *waiting, json_int_t now)
{
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;
	json_int_t oldest = now, days;
	const json_t *package;
	size_t i;

	json_array_foreach(waiting, i, package)
	{
		json_int_t since = json_number(package, "since");

		oldest = since > 0 && since < oldest ? since : oldest;
	}
	days = days_since(oldest, now);
	if (days < PATIENCE_DAYS)
		return;
	buffer_addf(&text, "degraded: security fixes wait, the longest for %lld days (",
		    (long long)days);
	add_names(waiting, false, now - PATIENCE_DAYS * DAY, &text);
	buffer_add_char(&text, ')');
	degrade(report, &text);
}

static void judge_archive(json_t *report, const json_t *state, json_int_t now)
{
	json_int_t reached = json_number(state, "reached");
	json_int_t days = days_since(reached ? reached : json_number(state, "begun"), now);
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;

	if (days < PATIENCE_DAYS)
		return;
	buffer_addf(&text,
		    "degraded: nobody has looked for security fixes for %lld days; the last time "
		    "the package archive said: %s",
		    (long long)days,
		    json_text(state, "unreached")[0] ? json_text(state, "unreached")
						     : "all was well");
	degrade(report, &text);
}

/* Only as long as the self-tests do not pass: they may have mended themselves since. */
static void judge_proof(json_t *report, const json_t *state)
{
	const json_t *blamed = json_object_get(state, "blamed");
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;
	char date[DATE_SIZE];

	if (!blamed || json_number(report, "failed") == 0)
		return;
	format_date(json_number(blamed, "at"), date);
	buffer_addf(&text,
		    "degraded: the self-tests passed before the updates of %.10s and do "
		    "not any more (",
		    date);
	add_names(json_object_get(blamed, "packages"), false, 0, &text);
	buffer_add_char(&text, ')');
	degrade(report, &text);
}

/* What the job wrote down as a text is not in order. */
static void judge_text(json_t *report, const json_t *state, const char *key, const char *what)
{
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;

	if (!json_text(state, key)[0])
		return;
	buffer_addf(&text, "degraded: %s: %s (journalctl -u postcask-update)", what,
		    json_text(state, key));
	degrade(report, &text);
}

static void judge(json_t *report, const json_t *state, json_int_t now)
{
	json_int_t days = days_since(json_number(state, "reboot_since"), now);
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;

	judge_waiting(report, json_object_get(state, "waiting"), now);
	judge_archive(report, state, now);
	judge_proof(report, state);
	judge_text(report, state, "failure", "the last installation of updates is not in order");
	judge_text(report, state, "replaced",
		   "the mail filter is not of one piece with its packages");
	if (days >= PATIENCE_DAYS) {
		buffer_addf(&text,
			    "degraded: security fixes have waited %lld days for a restart "
			    "of the machine",
			    (long long)days);
		degrade(report, &text);
	}
}

/* [{name, version, since, held}] with the time as a date. */
static json_t *dated(const json_t *waiting)
{
	json_t *list = json_array(), *package;
	size_t i;

	json_array_foreach(waiting, i, package)
	{
		json_t *copy = json_copy(package);

		json_object_set_new(copy, "since", date_or_null(json_number(package, "since")));
		json_array_append_new(list, copy);
	}
	return list;
}

/* What the state says, for programs. */
static void describe(json_t *updates, const json_t *state)
{
	static const char *const dates[] = {"looked", "reached", "installed_at", "reboot_since"};
	static const char *const texts[] = {"unreached", "failure", "reboot_at"};
	json_t *installed = json_object_get(state, "installed");

	for (size_t i = 0; i < ARRAY_SIZE(dates); i++)
		json_object_set_new(updates, dates[i], date_or_null(json_number(state, dates[i])));
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		json_object_set_new(updates, texts[i], json_string(json_text(state, texts[i])));
	json_object_set_new(updates, "waiting", dated(json_object_get(state, "waiting")));
	json_object_set(updates, "installed", installed ? installed : json_null());
}

void update_summary_add(json_t *report, const struct update_paths *paths, json_int_t now)
{
	_cleanup_(error_clear) struct error none = ERROR_INIT;
	struct update_config config = {0};
	_cleanup_json_ json_t *state = NULL;
	json_t *updates;

	forget_notes(report);
	if (update_config_load(paths->config, &config, &none) < 0)
		config.automatic = false;
	updates = json_pack("{s:b,s:[]}", "automatic", config.automatic, "notes");
	json_object_set_new(report, "updates", updates);
	if (!config.automatic)
		return;
	state = update_state_load(paths->folder);
	if (!file_exists(paths->reboot)) /* it was restarted since */
		json_object_del(state, "reboot_since");
	describe(updates, state);
	judge(report, state, now);
}

static void add_waiting(const json_t *waiting, struct buffer *text)
{
	size_t count = json_array_size(waiting);
	_cleanup_(buffer_free) struct buffer held = BUFFER_INIT;

	if (count == 0) {
		buffer_add_text(text, "no security fix waits");
		return;
	}
	buffer_addf(text, "%zu security fix%s wait%s (", count, count > 1 ? "es" : "",
		    count > 1 ? "" : "s");
	add_names(waiting, false, 0, text);
	buffer_add_char(text, ')');
	add_names(waiting, true, 0, &held);
	if (held.size)
		buffer_addf(text, ", for a new image: %s", buffer_text(&held));
}

void update_summary_text(const json_t *report, struct buffer *text)
{
	const json_t *updates = json_object_get(report, "updates");
	const char *looked = json_text(updates, "looked");

	if (!looked[0])
		return;
	if (json_text(updates, "unreached")[0])
		buffer_addf(text, "updates: a package archive was not reached: %s\n",
			    json_text(updates, "unreached"));
	buffer_addf(text, "updates: on %.10s ", looked);
	add_waiting(json_object_get(updates, "waiting"), text);
	buffer_add_char(text, '\n');
	if (json_text(updates, "reboot_since")[0])
		buffer_addf(text, "updates: since %.10s the machine waits for a restart%s%s\n",
			    json_text(updates, "reboot_since"),
			    json_text(updates, "reboot_at")[0] ? ", which comes at " : "",
			    json_text(updates, "reboot_at"));
}
