// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/when.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/slice.h"

static const struct {
	struct slice name;
	long long seconds;
} units[] = {
    {SLICE("seconds"), 1},   {SLICE("second"), 1},   {SLICE("sec"), 1},
    {SLICE("s"), 1},	     {SLICE("minutes"), 60}, {SLICE("minute"), 60},
    {SLICE("min"), 60},	     {SLICE("m"), 60},	     {SLICE("hours"), 3600},
    {SLICE("hour"), 3600},   {SLICE("h"), 3600},     {SLICE("days"), 86400},
    {SLICE("day"), 86400},   {SLICE("d"), 86400},    {SLICE("weeks"), 604800},
    {SLICE("week"), 604800}, {SLICE("w"), 604800},
};

static bool parse_age(struct slice text, time_t now, time_t *ret_time)
{
	long long number, total = 0;
	bool any = false;

	for (;;) {
		size_t i;

		slice_skip(&text, SLICE(" "));
		if (any && (text.size == 0 || slice_equal(text, SLICE("ago"))))
			break;
		if (!slice_number(&text, &number) || number > 1000000000)
			return false;
		slice_skip(&text, SLICE(" "));
		for (i = 0; i < ARRAY_SIZE(units); i++) {
			struct slice rest = text;

			if (slice_skip(&rest, units[i].name) &&
			    (rest.size == 0 || !isalpha((unsigned char)rest.at[0]))) {
				text = rest;
				break;
			}
		}
		if (i == ARRAY_SIZE(units))
			return false;
		total += number * units[i].seconds;
		any = true;
	}
	*ret_time = total > now ? 0 : now - total;
	return true;
}

static bool parse_moment(const char *text, time_t now, time_t *ret_time)
{
	static const char *const formats[] = {"%Y-%m-%d %H:%M:%S",
					      "%Y-%m-%d %H:%M",
					      "%Y-%m-%dT%H:%M:%S",
					      "%Y-%m-%dT%H:%M",
					      "%Y-%m-%d",
					      "%H:%M:%S",
					      "%H:%M"};

	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		struct tm parts;
		const char *end;

		if (!localtime_r(&now, &parts))
			return false;
		parts.tm_hour = parts.tm_min = parts.tm_sec = 0;
		parts.tm_isdst = -1;
		end = strptime(text, formats[i], &parts);
		if (end && *end == '\0') {
			*ret_time = mktime(&parts);
			return *ret_time != (time_t)-1;
		}
	}
	return false;
}

static bool parse_day(const char *text, time_t now, time_t *ret_time)
{
	struct tm parts;
	bool yesterday = strcmp(text, "yesterday") == 0;

	if ((!yesterday && strcmp(text, "today") != 0) || !localtime_r(&now, &parts))
		return false;
	parts.tm_hour = parts.tm_min = parts.tm_sec = 0;
	parts.tm_mday -= yesterday;
	parts.tm_isdst = -1;
	*ret_time = mktime(&parts);
	return *ret_time != (time_t)-1;
}

int when_parse(const char *text, time_t now, uint64_t *ret_time, struct error *error)
{
	struct slice rest = slice_of(text);
	long long seconds;
	time_t time;

	if (slice_skip(&rest, SLICE("@")) && slice_number(&rest, &seconds) && rest.size == 0)
		time = (time_t)seconds;
	else if (!parse_day(text, now, &time) && !parse_moment(text, now, &time) &&
		 !parse_age(slice_of(text), now, &time))
		return error_set(error, EINVAL,
				 "'%s' is no time; write \"10 min ago\", \"2h\", \"today\", "
				 "\"10:00\" or \"2026-11-24 10:00\"",
				 text);
	if (time < 0)
		return error_set(error, EINVAL, "'%s' is before 1970", text);
	*ret_time = (uint64_t)time * 1000000;
	return 0;
}
