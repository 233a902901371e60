// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/part_directory.h"

#include <string.h>
#include <time.h>

#include "base/json_file.h"
#include "report/part.h"
#include "state/report_state.h"

#define NOTE "degraded: accounts: "

enum { SHOWN = 10 }; /* addresses in a note */

static void note_state(json_t *report, const char *state)
{
	if (strcmp(state, "copied") == 0)
		report_degrade(
		    report,
		    json_string(NOTE "their file was damaged, and is what its copy was, of at most "
				     "a minute before the last change; look at `postcask audit`, "
				     "and with `systemctl restart postcask-directory` this is said "
				     "no more"));
	if (strcmp(state, "begun") == 0)
		report_degrade(
		    report,
		    json_string(NOTE
				"their file was damaged and had no copy, so only what the "
				"settings say is here again; add the others, and with "
				"`systemctl restart postcask-directory` this is said no more"));
}

/* What is wrong with each of a list. */
static void note_each(json_t *report, const json_t *list, const char *what)
{
	const json_t *one;
	size_t i;

	json_array_foreach(list, i, one)
	{
		if (i < SHOWN)
			report_degrade(report,
				       json_sprintf(NOTE "%s %s", json_string_value(one), what));
	}
	if (json_array_size(list) > SHOWN)
		report_degrade(report, json_sprintf(NOTE "%d more like this",
						    (int)json_array_size(list) - SHOWN));
}

/* How long ago, as people say it. */
static void add_age(struct buffer *text, long long seconds)
{
	if (seconds < 120)
		buffer_addf(text, "%lld seconds ago", seconds < 0 ? 0 : seconds);
	else if (seconds < 2 * 60 * 60)
		buffer_addf(text, "%lld minutes ago", seconds / 60);
	else
		buffer_addf(text, "%lld hours ago", seconds / 3600);
}

static bool is_database(const json_t *found)
{
	return strcmp(json_text(found, "mirrored"), "postgresql") == 0;
}

static void note_mirror(json_t *report, const json_t *found)
{
	const char *server = is_database(found) ? "database server" : "directory server";
	_cleanup_(buffer_free) struct buffer twice = BUFFER_INIT;
	const json_t *mirror = json_object_get(found, "mirror");
	const char *fault = json_text(mirror, "fault");
	long long good = json_number(mirror, "good");
	_cleanup_(buffer_free) struct buffer age = BUFFER_INIT;

	if (!mirror)
		return;
	if (good > 0)
		add_age(&age, (long long)time(NULL) - good);
	if (!json_is_true(json_object_get(found, "mirror_fresh")))
		report_degrade(report,
			       json_sprintf(NOTE
					    "%s: its people were last read %s, so mail for who is "
					    "unknown here waits at its sender's%s%.800s",
					    server, good > 0 ? buffer_text(&age) : "never",
					    fault[0] ? ": " : "", fault));
	else if (json_number(mirror, "gone") > 0 && strstr(fault, "would be gone"))
		report_degrade(report, json_sprintf(NOTE "%s: %.800s", server, fault));
	buffer_addf(&twice, "is in the %s too, and is what it was before; remove one of them",
		    server);
	note_each(report, json_object_get(mirror, "doubles"), buffer_text(&twice));
}

void directory_part_add(json_t *report, const char *run)
{
	const json_t *found = part_take(report, run, "directory", JSON_FILE_LIMIT, NOTE);
	const char *fault = json_text(found, "fault");

	note_state(report, json_text(found, "state"));
	if (fault[0])
		report_degrade(report,
			       json_sprintf(NOTE "what the settings say of them is not in force: "
						 "%.500s",
					    fault));
	note_each(report, json_object_get(found, "doubles"),
		  "was made by a command and is in the settings too, and is what the command made; "
		  "remove it there, or with `postcask user remove` or `postcask alias remove`");
	note_mirror(report, found);
	note_each(report, json_object_get(found, "loops"),
		  "is an alias that leads back to itself, so its mail waits; let it lead elsewhere "
		  "with `postcask alias set`");
}

static void text_of_mirror(const json_t *found, struct buffer *text)
{
	const json_t *mirror = json_object_get(found, "mirror");
	long long left_out = json_number(mirror, "left_out");

	if (!mirror)
		return;
	buffer_addf(text, "%s server: %lld users, %lld aliases",
		    is_database(found) ? "Database" : "Directory", json_number(mirror, "people"),
		    json_number(mirror, "aliases"));
	if (left_out > 0)
		buffer_addf(text, ", %lld left out", left_out);
	buffer_addf(text, " (postcask directory)\n");
}

void directory_part_text(const json_t *report, struct buffer *text)
{
	const json_t *found = json_object_get(report, "directory");
	long long apps = json_number(found, "apps");

	buffer_addf(text, "Accounts: %lld users, %lld aliases", json_number(found, "people"),
		    json_number(found, "aliases"));
	if (apps > 0)
		buffer_addf(text, ", %lld app passwords (postcask user app list)", apps);
	buffer_addf(text, "\n");
	text_of_mirror(found, text);
}
