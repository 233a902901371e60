// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/limit_answer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/json_file.h"

enum {
	CONFIG_LIMIT = 64 << 10,
	SHOWN = 20,	 /* of each limit, who has used most of it */
	SHOWN_FROM = 50, /* percent of it */
};

/* ---- The settings ---- */

static void take(struct limits *limits, struct slice name, struct slice value)
{
	long long number;

	if (slice_equal(name, SLICE("hold")))
		limits->hold = slice_equal(value, SLICE("yes"));
	for (size_t i = 0; i < LIMITS; i++)
		if (slice_equal(name, slice_of(limit_rules[i].name)) &&
		    slice_number(&value, &number) && number >= 0 && number <= UINT32_MAX)
			limits->most[i] = (uint32_t)number;
}

int limit_config_load(const char *path, struct limits *limits, struct error *error)
{
	_cleanup_free_ char *text = NULL;
	struct slice rest, line, name;
	size_t size;
	int result = file_read(path, CONFIG_LIMIT, &text, &size, error);

	if (result == -ENOENT) {
		error_clear(error);
		return 0;
	}
	if (result < 0)
		return result;
	rest = (struct slice){text, size};
	while (slice_until(&rest, SLICE("\n"), &line))
		if (slice_until(&line, SLICE("\t"), &name))
			take(limits, name, line);
	return 0;
}

/* ---- Postfix ---- */

static void add_time(struct buffer *text, int64_t when)
{
	time_t time = (time_t)when;
	struct tm parts;
	char clock[16];

	if (gmtime_r(&time, &parts) && strftime(clock, sizeof(clock), "%H:%M", &parts))
		buffer_addf(text, ", open again at %s UTC", clock);
}

static void add_later(struct buffer *text, const struct limit_answer *answer)
{
	static const char *const sentences[LIMIT_KINDS] = {
	    [LIMIT_USER] = "sending limit reached",
	    [LIMIT_CLIENT] = "too many messages from your network",
	    [LIMIT_RECIPIENT] = "too many messages to this recipient from your network",
	};

	buffer_addf(text, "action=450 4.7.1 %s", sentences[limit_rules[answer->limit].kind]);
	add_time(text, answer->open);
}

void limit_answer_postfix(struct limits *limits, const struct postfix_request *request, int64_t now,
			  struct buffer *text)
{
	bool recipient = strcmp(request->state, "RCPT") == 0;
	struct limit_question question = {
	    .login = request->login,
	    .client = request->client,
	    .recipient = recipient ? request->recipient : "",
	    .recipients = request->recipient_count < 0		  ? 0
			  : request->recipient_count > UINT32_MAX ? UINT32_MAX
								  : request->recipient_count,
	    .now = now,
	};
	struct limit_answer answer = {.verdict = LIMIT_PASS};

	if (!recipient || question.recipient[0])
		limits_ask(limits, &question, &answer);
	switch (answer.verdict) {
	case LIMIT_PASS:
		buffer_add_text(text, "action=DUNNO");
		break;
	case LIMIT_HELD:
		buffer_add_text(text, "action=HOLD sending is held (postcask user held)");
		break;
	case LIMIT_LATER:
		add_later(text, &answer);
		break;
	case LIMIT_NEVER:
		buffer_addf(text,
			    "action=552 5.5.3 to more recipients than the limit of %u; send to "
			    "fewer at once",
			    limits->most[answer.limit]);
		break;
	}
	buffer_add_text(text, "\n\n");
}

/* ---- Root ---- */

struct used {
	const char *who;
	uint64_t count;
};

static int most_first(const void *a, const void *b)
{
	uint64_t first = ((const struct used *)a)->count, second = ((const struct used *)b)->count;

	return (first < second) - (first > second);
}

/* Those that have used half of it, at most SHOWN: the newest rows first, each into the list where
 * it has more than the least. */
static json_t *list_used(const struct limits *limits, enum limit limit, int64_t now)
{
	struct used used[SHOWN + 1];
	json_t *list = json_array();
	size_t count = 0;

	for (const struct limit_row *row = limits->tables[limit_rules[limit].kind].newest; row;
	     row = row->older) {
		uint64_t sum = limits_used(row, limit, now);

		if (sum == 0 || sum * 100 < (uint64_t)limits->most[limit] * SHOWN_FROM)
			continue;
		used[count++] = (struct used){row->key, sum};
		qsort(used, count, sizeof(*used), most_first);
		count = count > SHOWN ? SHOWN : count;
	}
	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, json_pack("{s:s, s:I}", "who", used[i].who, "used",
						      (json_int_t)used[i].count));
	return list;
}

static void add_json(struct buffer *text, json_t *value)
{
	char *line = json_dumps(value, JSON_COMPACT);

	buffer_add_text(text, line ? line : "{\"error\": \"out of memory\"}");
	buffer_add_text(text, "\r\n"); /* as net/stream.h has it */
	free(line);
	json_decref(value);
}

void limit_answer_list(struct limits *limits, int64_t now, struct buffer *text)
{
	json_t *list = json_array();

	for (size_t i = 0; i < LIMITS; i++)
		json_array_append_new(
		    list,
		    json_pack("{s:s, s:s, s:I, s:o}", "name", limit_rules[i].name, "what",
			      limit_rules[i].what, "most", (json_int_t)limits->most[i], "used",
			      limits->most[i] ? list_used(limits, (enum limit)i, now)
					      : json_array()));
	add_json(text, json_pack("{s:b, s:o, s:I}", "hold", limits->hold, "limits", list, "held",
				 (json_int_t)limits->holds.count));
}

void limit_answer_release(struct limits *limits, const char *login, int64_t now,
			  struct buffer *text)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	bool held = false;

	if (limits_release(limits, login, now, &held, &error) < 0)
		add_json(text, json_pack("{s:s}", "error", error_text(&error)));
	else
		add_json(text, json_pack("{s:b}", "held", held));
}
