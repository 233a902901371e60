// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/limit.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/slice.h"
#include "policy/limit_network.h"

enum {
	HOUR_STEPS = 13, /* of five minutes, the newest not over yet */
	HOUR_STEP = 300,
	DAY_STEPS = 25,
	DAY_STEP = 3600,
	HOUR = 3600,
	DAY_KEPT = DAY_STEPS * DAY_STEP,
	HOUR_NUMBERS = LIMIT_WINDOW_NUMBERS(HOUR_STEPS),
	DAY_NUMBERS = LIMIT_WINDOW_NUMBERS(DAY_STEPS),
	MORE_LEAST = 50, /* under a small limit it takes as much to be held for it */
	RELEASE_MS = 10000,
	NETWORKS_KEPT = 8, /* each a number that stands for it, and when */
};

/* Where the numbers of a row are.  Those of a login have more, of what was refused. */
enum {
	AT_MESSAGES = 0,
	AT_RECIPIENTS = AT_MESSAGES + HOUR_NUMBERS,
	AT_DAY = AT_RECIPIENTS + HOUR_NUMBERS,
	AT_REFUSED = AT_DAY + DAY_NUMBERS,
	AT_STRIKES = AT_REFUSED + HOUR_NUMBERS,
	AT_LAST_STRIKE = AT_STRIKES + HOUR_NUMBERS,
	AT_NETWORKS,
	USER_NUMBERS = AT_NETWORKS + 2 * NETWORKS_KEPT,
};

const struct limit_rule limit_rules[LIMITS] = {
    [LIMIT_USER_MESSAGES] = {"user_messages_per_hour", LIMIT_USER, HOUR_STEPS, HOUR_STEP, false,
			     "messages of a login in an hour"},
    [LIMIT_USER_RECIPIENTS] = {"user_recipients_per_hour", LIMIT_USER, HOUR_STEPS, HOUR_STEP, true,
			       "recipients of a login in an hour"},
    [LIMIT_USER_RECIPIENTS_DAY] = {"user_recipients_per_day", LIMIT_USER, DAY_STEPS, DAY_STEP, true,
				   "recipients of a login in a day"},
    [LIMIT_CLIENT_MESSAGES] = {"client_messages_per_hour", LIMIT_CLIENT, HOUR_STEPS, HOUR_STEP,
			       false, "messages of a client without a login in an hour"},
    [LIMIT_RECIPIENT_MESSAGES] = {"recipient_messages_per_hour", LIMIT_RECIPIENT, HOUR_STEPS,
				  HOUR_STEP, false,
				  "messages to a recipient from one network in an hour"},
};

static const unsigned places[LIMITS] = {
    [LIMIT_USER_RECIPIENTS] = AT_RECIPIENTS,
    [LIMIT_USER_RECIPIENTS_DAY] = AT_DAY,
};

void limits_init(struct limits *limits)
{
	*limits = (struct limits){.hold = true};
	/* Strangers push out no login. */
	limit_table_init(&limits->tables[LIMIT_USER], LIMIT_ROWS / 5, USER_NUMBERS);
	limit_table_init(&limits->tables[LIMIT_CLIENT], LIMIT_ROWS * 2 / 5, HOUR_NUMBERS);
	limit_table_init(&limits->tables[LIMIT_RECIPIENT], LIMIT_ROWS * 2 / 5, HOUR_NUMBERS);
}

void limits_free(struct limits *limits)
{
	for (size_t i = 0; i < LIMIT_KINDS; i++)
		limit_table_free(&limits->tables[i]);
	limit_holds_free(&limits->holds);
}

static struct limit_window window_at(const struct limit_row *row, unsigned place)
{
	return (struct limit_window){row->numbers + place, HOUR_STEPS, HOUR_STEP};
}

static struct limit_window window_of(const struct limit_row *row, enum limit limit)
{
	const struct limit_rule *rule = &limit_rules[limit];

	return (struct limit_window){row->numbers + places[limit], rule->steps, rule->seconds};
}

uint64_t limits_used(const struct limit_row *row, enum limit limit, int64_t now)
{
	struct limit_window window = window_of(row, limit);

	return limit_window_sum(&window, now);
}

/* ---- Counting ---- */

/* The first limit of that kind that it would be over. */
static bool is_over(const struct limits *limits, enum limit_kind kind, const struct limit_row *row,
		    const struct limit_question *question, struct limit_answer *ret)
{
	for (size_t i = 0; i < LIMITS; i++) {
		uint32_t count = limit_rules[i].recipients ? question->recipients : 1;
		struct limit_window window;

		if (limit_rules[i].kind != kind || !limits->most[i])
			continue;
		window = window_of(row, (enum limit)i);
		if (limit_window_sum(&window, question->now) + count <= limits->most[i])
			continue;
		*ret = (struct limit_answer){
		    count > limits->most[i] ? LIMIT_NEVER : LIMIT_LATER, (enum limit)i,
		    limit_window_open(&window, count, limits->most[i], question->now)};
		return true;
	}
	return false;
}

/* "LOGIN STEP" */
static void keep(struct limits *limits, const char *login, const struct limit_question *question)
{
	char key[STORE_KEY];
	struct store_row *row;
	int size =
	    snprintf(key, sizeof(key), "%s %lld", login, (long long)question->now / HOUR_STEP);

	if (!limits->store || size >= (int)sizeof(key))
		return;
	row = store_take(limits->store, STORE_SENT, key, question->now);
	if (!row)
		return;
	row->count++;
	row->other += question->recipients;
}

static void count_up(struct limits *limits, enum limit_kind kind, struct limit_row *row,
		     const struct limit_question *question)
{
	for (size_t i = 0; i < LIMITS; i++) {
		struct limit_window window;

		if (limit_rules[i].kind != kind)
			continue;
		window = window_of(row, (enum limit)i);
		limit_window_add(&window, limit_rules[i].recipients ? question->recipients : 1,
				 question->now);
	}
	if (kind == LIMIT_USER)
		keep(limits, row->key, question);
}

/* ---- What makes a login suspect ---- */

/* FNV-1a, of a text that is no stranger's choice. */
static uint32_t number_of(const char *text)
{
	uint32_t hash = 2166136261u;

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 16777619u;
	return hash ? hash : 1;
}

/* How many networks it came from within the hour, this one with them. */
static unsigned note_network(struct limit_row *row, const struct limit_question *question)
{
	uint32_t now = (uint32_t)question->now, *kept = row->numbers + AT_NETWORKS, *place = kept;
	char network[LIMIT_NETWORK_TEXT];
	unsigned count = 0;
	uint32_t number;

	if (!limit_network(question->client, LIMIT_NETWORK_WIDTH, network))
		return 0;
	number = number_of(network);
	for (uint32_t *at = kept; at < kept + 2 * (size_t)NETWORKS_KEPT; at += 2) {
		if (at[0] == number || (place[0] != number && at[1] < place[1]))
			place = at; /* its own, or the oldest */
	}
	place[0] = number;
	place[1] = now;
	for (const uint32_t *at = kept; at < kept + 2 * (size_t)NETWORKS_KEPT; at += 2)
		count += at[0] && at[1] <= now && now - at[1] < HOUR;
	return count;
}

/* It was over a limit: has it gone on?  A single message to too many is no reason by its
 * size. */
static bool has_gone_on(const struct limits *limits, struct limit_row *row,
			const struct limit_question *question, const struct limit_answer *answer,
			enum limit_reason *ret_reason)
{
	struct limit_window refused = window_at(row, AT_REFUSED);
	struct limit_window strikes = window_at(row, AT_STRIKES);
	uint32_t now = (uint32_t)question->now, *last = row->numbers + AT_LAST_STRIKE;
	bool by_size = answer->verdict == LIMIT_LATER && limit_rules[answer->limit].recipients;
	uint32_t more = limits->most[answer->limit];

	limit_window_add(&refused, by_size ? question->recipients : 1, question->now);
	if (now >= *last + LIMIT_STRIKE_SECONDS || now < *last) {
		limit_window_add(&strikes, 1, question->now);
		*last = now;
	}
	if (limit_window_sum(&refused, question->now) >= (more < MORE_LEAST ? MORE_LEAST : more)) {
		*ret_reason = LIMIT_REASON_MORE;
		return true;
	}
	*ret_reason = LIMIT_REASON_AGAIN;
	return limit_window_sum(&strikes, question->now) >= LIMIT_STRIKES;
}

static void hold(struct limits *limits, const char *login, enum limit_reason reason, int64_t now)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;

	if (limit_holds_add(&limits->holds, login, reason, now, &error) < 0)
		error_print(&error); /* it is held all the same, until the next start */
}

static void ask_login(struct limits *limits, const char *login,
		      const struct limit_question *question, struct limit_answer *ret)
{
	struct limit_row *row = limit_table_get(&limits->tables[LIMIT_USER], login);
	bool held = limit_holds_find(&limits->holds, login) != NULL;
	enum limit_reason reason = LIMIT_REASON_NETWORKS;
	bool suspect;

	if (!row)
		return;
	suspect = note_network(row, question) >= LIMIT_NETWORKS;
	if (is_over(limits, LIMIT_USER, row, question, ret))
		suspect = has_gone_on(limits, row, question, ret, &reason) || suspect;
	else
		count_up(limits, LIMIT_USER, row, question);
	if (suspect && !held && limits->hold) {
		hold(limits, login, reason, question->now);
		held = true;
	}
	if (held && ret->verdict == LIMIT_PASS)
		ret->verdict = LIMIT_HELD;
}

/* ---- Strangers ---- */

static void ask_of(struct limits *limits, enum limit_kind kind, const char *key,
		   const struct limit_question *question, struct limit_answer *ret)
{
	struct limit_row *row = limit_table_get(&limits->tables[kind], key);

	if (row && !is_over(limits, kind, row, question, ret))
		count_up(limits, kind, row, question);
}

static void ask_stranger(struct limits *limits, const struct limit_question *question,
			 struct limit_answer *ret)
{
	char key[LIMIT_KEY], network[LIMIT_NETWORK_TEXT];
	bool begins = question->recipient[0] == '\0'; /* DATA */

	if (!limit_network(question->client, begins ? LIMIT_CLIENT_WIDTH : LIMIT_NETWORK_WIDTH,
			   network))
		return;
	if (begins && limits->most[LIMIT_CLIENT_MESSAGES])
		ask_of(limits, LIMIT_CLIENT, network, question, ret);
	if (begins || !limits->most[LIMIT_RECIPIENT_MESSAGES])
		return;
	snprintf(key, sizeof(key), "%s %.*s", network, (int)(sizeof(key) - sizeof(network) - 1),
		 question->recipient);
	ask_of(limits, LIMIT_RECIPIENT, key, question, ret);
}

/* ---- Both ---- */

static const char *small_letters(const char *text, char into[LIMIT_KEY])
{
	slice_copy(slice_of(text), into, LIMIT_KEY);
	for (char *at = into; *at; at++)
		*at = (char)tolower((unsigned char)*at);
	return into;
}

void limits_ask(struct limits *limits, const struct limit_question *question,
		struct limit_answer *ret)
{
	struct limit_question small = *question;
	char text[LIMIT_KEY];

	*ret = (struct limit_answer){.verdict = LIMIT_PASS};
	if (small.recipients == 0)
		small.recipients = 1;
	if (question->login[0]) {
		const char *login = small_letters(question->login, text);

		if (!slice_ends(slice_of(login), SLICE("@selftest.invalid")) &&
		    !question->recipient[0])
			ask_login(limits, login, &small, ret);
		return;
	}
	small.recipient = small_letters(question->recipient, text);
	ask_stranger(limits, &small, ret);
}

/* ---- What is kept ---- */

struct kept {
	struct limits *limits;
	int64_t now;
};

static bool restore(void *context, const struct store_row *kept)
{
	const struct kept *to = context;
	struct slice step = slice_of(kept->key), login;
	struct limit_row *row;
	char name[STORE_KEY];
	long long number;

	if (!slice_until(&step, SLICE(" "), &login) || !slice_number(&step, &number))
		return true;
	slice_copy(login, name, sizeof(name));
	row = limit_table_get(&to->limits->tables[LIMIT_USER], name);
	for (size_t i = 0; row && i < LIMITS; i++) {
		struct limit_window window;

		if (limit_rules[i].kind != LIMIT_USER)
			continue;
		window = window_of(row, (enum limit)i);
		limit_window_restore(&window, limit_rules[i].recipients ? kept->other : kept->count,
				     number * HOUR_STEP, to->now);
	}
	return row != NULL;
}

void limits_load(struct limits *limits, struct store *store, int64_t now)
{
	struct kept kept = {limits, now};

	limits->store = store;
	store_walk(store, STORE_SENT, restore, &kept);
}

/* A day has few steps: each is looked for. */
static void forget_sent(struct limits *limits, const char *login, int64_t now)
{
	char key[STORE_KEY];

	for (int64_t step = now / HOUR_STEP; limits->store && step > (now - DAY_KEPT) / HOUR_STEP;
	     step--)
		if (snprintf(key, sizeof(key), "%s %lld", login, (long long)step) <
		    (int)sizeof(key))
			store_drop(limits->store, STORE_SENT, key);
}

int limits_release(struct limits *limits, const char *login, int64_t now, bool *ret_held,
		   struct error *error)
{
	char text[LIMIT_KEY];
	const char *small = small_letters(login, text);
	struct limit_table *users = &limits->tables[LIMIT_USER];
	struct limit_row *row = limit_table_find(users, small);
	int result;

	*ret_held = limit_holds_find(&limits->holds, small) != NULL;
	if (row)
		memset(row->numbers, 0, users->numbers * sizeof(*row->numbers));
	forget_sent(limits, small, now);
	result = limit_holds_remove(&limits->holds, small, error);
	if (result == 0 && *ret_held && limits->holds.writer)
		result =
		    limit_writer_wait(limits->holds.writer, clock_now_ms() + RELEASE_MS, error);
	return result;
}
