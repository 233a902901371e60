// SPDX-License-Identifier: GPL-3.0-or-later
#include "state/report_state.h"

#include <string.h>

static const char *const state_names[REPORT_STATES] = {
    [REPORT_READY] = "ready",
    [REPORT_DEGRADED] = "degraded",
    [REPORT_FAILED] = "failed",
};

const char *report_state_name(enum report_state state)
{
	return state_names[state];
}

enum report_state report_state_of(const json_t *report)
{
	const char *name = json_string_value(json_object_get(report, "state"));

	for (enum report_state state = REPORT_READY; name && state < REPORT_STATES; state++)
		if (strcmp(name, state_names[state]) == 0)
			return state;
	return REPORT_FAILED;
}

void report_worsen(json_t *report, enum report_state state)
{
	if (state > report_state_of(report))
		json_object_set_new(report, "state", json_string(report_state_name(state)));
}

void report_note(json_t *report, const char *text)
{
	json_array_append_new(json_object_get(report, "notes"), json_string(text));
}

void report_forget(json_t *report, const char *begin)
{
	json_t *notes = json_object_get(report, "notes");

	for (size_t i = json_array_size(notes); i > 0; i--) {
		const char *note = json_string_value(json_array_get(notes, i - 1));

		if (note && strncmp(note, begin, strlen(begin)) == 0)
			json_array_remove(notes, i - 1);
	}
}

void report_degrade(json_t *report, json_t *sentence)
{
	report_worsen(report, REPORT_DEGRADED);
	json_array_append_new(json_object_get(report, "notes"), sentence);
}

void report_fail(json_t *report, const char *text)
{
	report_worsen(report, REPORT_FAILED);
	report_note(report, text);
}

void report_judge_notes(json_t *report)
{
	const json_t *note;
	size_t i;

	if (report_state_of(report) != REPORT_READY)
		return;
	json_array_foreach(json_object_get(report, "notes"), i, note)
	{
		const char *text = json_string_value(note);

		if (text && strncmp(text, "degraded", strlen("degraded")) == 0)
			json_object_set_new(report, "state",
					    json_string(report_state_name(REPORT_DEGRADED)));
	}
}

int report_exit_status(const json_t *report)
{
	static const int statuses[REPORT_STATES] = {
	    [REPORT_READY] = 0, [REPORT_FAILED] = 1, [REPORT_DEGRADED] = 2};

	return statuses[report_state_of(report)];
}
