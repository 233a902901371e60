// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/part_tokens.h"

#include <string.h>
#include <time.h>

#include "base/json_file.h"
#include "base/utf8.h"
#include "report/part.h"
#include "state/report_state.h"

#define NOTE	 "tokens: "
#define DEGRADED "degraded: " NOTE

enum { OLD = 86400, REPORT_LIMIT = 64 * 1024, HOUR = 3600 };

/* It comes from an account without privileges, and goes to consoles. */
static char *printable(const json_t *found, const char *key)
{
	char *text = strdup(json_text(found, key));

	if (text)
		ascii_make_printable(text);
	return text;
}

static long long hours(const json_t *found, const char *key)
{
	long long seconds = (long long)time(NULL) - json_number(found, key);

	return seconds > 0 ? seconds / HOUR : 0;
}

static void say(json_t *report, const json_t *found)
{
	_cleanup_free_ char *why = printable(found, "why");
	long long keys = json_number(found, "keys");

	if (!why)
		return;
	if (keys == 0)
		report_degrade(report,
			       json_sprintf(DEGRADED "there is no key yet, so they let nobody "
						     "in: %s",
					    why));
	else if ((long long)time(NULL) - json_number(found, "fetched") > OLD)
		report_degrade(report,
			       json_sprintf(DEGRADED "for %lld hours no answer of the issuer, "
						     "whose keys of before go on: %s",
					    hours(found, "fetched"), why));
	else
		json_add_sentence(
		    json_object_get(report, "notes"),
		    NOTE "the issuer gives no answer, and its keys of before go on: %s", why);
}

void tokens_part_add(json_t *report, const char *run)
{
	const json_t *found;

	report_forget(report, NOTE);
	found = part_take(report, run, "tokens", REPORT_LIMIT, DEGRADED);
	if (json_object_get(found, "why"))
		say(report, found);
}

void tokens_part_text(const json_t *report, struct buffer *text)
{
	const json_t *found = json_object_get(report, "tokens");
	_cleanup_free_ char *issuer = printable(found, "issuer");
	long long keys = json_number(found, "keys"), age;

	if (!found || !issuer)
		return;
	buffer_addf(text, "Tokens: %lld %s of %s", keys, keys == 1 ? "key" : "keys", issuer);
	age = (long long)time(NULL) - json_number(found, "fetched");
	if (json_is_true(json_object_get(found, "given")))
		buffer_add_text(text, ", given in the settings");
	else if (json_number(found, "fetched") > 0)
		buffer_addf(text, ", %lld min old", age > 0 ? age / 60 : 0);
	buffer_add_char(text, '\n');
}
