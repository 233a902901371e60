// SPDX-License-Identifier: GPL-3.0-or-later
#include "ledger/publish.h"

#include <time.h>

#include "base/json_file.h"

static json_t *json_time(uint64_t time)
{
	time_t seconds = (time_t)(time / 1000000);
	char text[32] = "";
	struct tm parts;

	if (time && gmtime_r(&seconds, &parts))
		strftime(text, sizeof(text), "%FT%TZ", &parts);
	return time ? json_string(text) : json_null();
}

static json_t *counters_since(const uint64_t *now, const uint64_t *before)
{
	json_t *object = json_object();

	for (enum ledger_counter i = 0; i < COUNT_MISSING; i++)
		json_object_set_new(object, ledger_counter_name(i),
				    json_integer((json_int_t)(now[i] - before[i])));
	return object;
}

static json_t *alarms(const struct ledger *ledger, bool quarantine)
{
	json_t *array = json_array();

	for (size_t i = 0; i < ledger->alarm_count && json_array_size(array) < PUBLISH_NAMES; i++)
		if (ledger->alarms[i].quarantine == quarantine)
			json_array_append_new(array, json_pack("{s:s, s:o}", "id",
							       ledger->alarms[i].id, "since",
							       json_time(ledger->alarms[i].time)));
	return array;
}

static size_t count_gone(const struct ledger *ledger)
{
	size_t count = 0;

	for (size_t i = 0; i < ledger->alarm_count; i++)
		count += ledger->alarms[i].quarantine;
	return count;
}

json_t *account_json(const struct ledger *ledger, const struct ledger_state *state,
		     size_t quarantined)
{
	static const uint64_t nothing[LEDGER_COUNTERS];
	_cleanup_json_ json_t *object = counters_since(ledger->counters, nothing);
	_cleanup_json_ json_t *rest = json_pack(
	    "{s:I, s:I, s:I, s:I, s:o, s:I, s:o, s:I, s:o, s:o, s:o, s:o, s:s?, s:I}", "waiting",
	    (json_int_t)ledger->open, "settled", (json_int_t)ledger->counters[COUNT_SETTLED],
	    "unfollowed", (json_int_t)ledger->counters[COUNT_UNFOLLOWED], "missing",
	    (json_int_t)ledger->counters[COUNT_MISSING], "missing_ids", alarms(ledger, false),
	    "quarantine_gone", (json_int_t)count_gone(ledger), "quarantine_gone_ids",
	    alarms(ledger, true), "quarantine_files", (json_int_t)quarantined, "since",
	    json_time(state->began), "last_line", json_time(ledger->time), "boot",
	    counters_since(ledger->counters, state->at_boot), "gap_time",
	    json_time(state->gap_time), "gap", state->gap[0] ? state->gap : NULL, "left_at",
	    (json_int_t)(ledger->left / 1000000));

	if (!object || !rest || json_object_update(object, rest) < 0)
		return NULL;
	return TAKE_POINTER(object);
}
