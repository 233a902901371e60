// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/grey.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "policy/host_name.h"
#include "policy/known.h"

enum { V4_BITS = 24, DAY = 24 * 60 * 60, SENDER_KEPT = 120 };

/* What is asked about, as the rows are called. */
struct subject {
	const struct postfix_request *request;
	char network[HOST_NETWORK];
	char waiting[STORE_KEY], anywhere[STORE_KEY];
	int64_t now_s;
};

const char *grey_why_name(enum grey_why why)
{
	static const char *const names[GREY_WHYS] = {
	    [GREY_KNOWN] = "known",	[GREY_PROVED] = "proved",  [GREY_WRITTEN] = "written",
	    [GREY_NAMED] = "named",	[GREY_SPF] = "spf",	   [GREY_AGAIN] = "again",
	    [GREY_FLOODED] = "flooded", [GREY_PUT_OFF] = "put-off"};

	return names[why];
}

static void lower(char *text)
{
	for (; *text; text++)
		*text = (char)tolower((unsigned char)*text);
}

static void name_waiting(const struct subject *subject, const char *network, char ret[STORE_KEY])
{
	const struct postfix_request *request = subject->request;

	snprintf(ret, STORE_KEY, "%s %.*s", network, SENDER_KEPT,
		 request->sender[0] ? request->sender : request->domain);
	lower(ret);
}

/* ---- What is known ---- */

static bool lasts(const struct store_row *row, int64_t now_s)
{
	return row && row->until > now_s;
}

/* Once a day is often enough for 60. */
static bool is_known(struct grey *grey, const struct subject *subject)
{
	const struct store_row *row = store_find(grey->store, STORE_NETWORK, subject->network);

	if (!lasts(row, subject->now_s))
		return false;
	if (row->until < subject->now_s + GREY_KNOWN_S - DAY) {
		struct store_row *used =
		    store_take(grey->store, STORE_NETWORK, subject->network, subject->now_s);

		if (used)
			used->until = subject->now_s + GREY_KNOWN_S;
	}
	return true;
}

/* The sender's domain, or one above it that has two labels at least. */
static bool is_proved(const struct grey *grey, const struct subject *subject)
{
	const char *domain = subject->request->domain;
	char key[STORE_KEY];

	for (size_t labels = domain[0] ? name_labels(domain) : 0; labels > 1; labels--) {
		snprintf(key, sizeof(key), "%s %s", subject->network, name_last(domain, labels));
		if (lasts(store_find(grey->store, STORE_PROVED, key), subject->now_s))
			return true;
	}
	return false;
}

static void note_proved(struct store *store, const char *network, const char *domain, int64_t now_s,
			int64_t for_s)
{
	const struct store_row *known;
	struct store_row *row;
	char key[STORE_KEY];

	if (!network[0] || !domain[0])
		return;
	snprintf(key, sizeof(key), "%s %s", network, domain);
	known = store_find(store, STORE_PROVED, key);
	if (known && known->until >= now_s + for_s - DAY / 2)
		return; /* it is as good as that */
	row = store_take(store, STORE_PROVED, key, now_s);
	if (row)
		row->until = now_s + for_s;
}

static bool wrote_to(const struct grey *grey, const char *address)
{
	char key[REQUEST_ADDRESS];

	snprintf(key, sizeof(key), "%s", address);
	lower(key);
	return key[0] && store_find(grey->store, STORE_PERSON, key);
}

/* In the sender's own domain, or beside it: mail.example.org of news.example.org. */
static bool is_of_domain(const char *name, const char *domain)
{
	const char *above = strchr(name, '.');

	if (!domain[0] || !above)
		return false;
	return (name_labels(domain) > 1 && name_is_within(name, domain)) ||
	       (name_labels(above + 1) > 1 && name_is_within(domain, above + 1));
}

static bool is_named(const struct postfix_request *request)
{
	char name[NAME_SIZE];

	if (strcmp(request->client_name, "unknown") == 0 ||
	    !name_take(slice_of(request->client_name), name))
		return false;
	return host_is_named(name, request->client) || is_of_domain(name, request->domain);
}

/* ---- Who comes again ---- */

/* The same message has many recipients, and counts once. */
static uint32_t message_of(const struct postfix_request *request)
{
	uint32_t hash = 2166136261u;

	for (const char *at = request->instance; *at; at++)
		hash = (hash ^ (unsigned char)*at) * 16777619u;
	return hash;
}

static void count_success(struct grey *grey, const struct subject *subject)
{
	struct store_row *row =
	    store_take(grey->store, STORE_NETWORK, subject->network, subject->now_s);
	uint32_t message = message_of(subject->request);

	if (!row || (row->count && row->other == message))
		return;
	if (row->begun > subject->now_s || row->begun < subject->now_s - GREY_TWICE_S) {
		row->begun = subject->now_s;
		row->count = 0;
	}
	row->count++;
	row->other = message;
	if (row->count >= GREY_TWICE)
		row->until = subject->now_s + GREY_KNOWN_S;
}

/* Since when it waits; -1 when it does not.  With a clock that was set back it begins anew. */
static int64_t waited_s(const struct grey *grey, const struct subject *subject)
{
	const char *const keys[] = {subject->waiting, subject->anywhere};
	int64_t longest_s = -1;

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const struct store_row *row = store_find(grey->store, STORE_WAITING, keys[i]);

		if (row && subject->now_s - row->begun > longest_s)
			longest_s = subject->now_s - row->begun;
	}
	return longest_s;
}

/* One that was put off a moment ago: nobody has to be asked about each of its recipients. */
static bool is_early(const struct grey *grey, const struct subject *subject,
		     struct grey_answer *ret)
{
	int64_t waited = waited_s(grey, subject);

	if (waited < 0 || waited >= GREY_WAIT_S)
		return false;
	ret->seconds = (unsigned)(GREY_WAIT_S - waited);
	return true;
}

/* It waits from now on, or has waited. */
static enum grey_why judge_again(struct grey *grey, const struct subject *subject, const char *key,
				 struct grey_answer *ret)
{
	struct store_row *row;

	if (waited_s(grey, subject) >= GREY_WAIT_S) {
		count_success(grey, subject);
		return GREY_AGAIN;
	}
	if (store_is_flooded(grey->store, STORE_WAITING, subject->now_s - GREY_FLOOD_S))
		return GREY_FLOODED;
	row = store_take(grey->store, STORE_WAITING, key, subject->now_s);
	if (!row) /* nobody would know it again */
		return GREY_FLOODED;
	row->begun = subject->now_s;
	ret->seconds = GREY_WAIT_S;
	return GREY_PUT_OFF;
}

/* ---- The answer ---- */

/* What can be said without asking anybody; GREY_WHYS when nothing can. */
static enum grey_why judge_known(struct grey *grey, const struct subject *subject,
				 enum grey_mode mode)
{
	if (is_known(grey, subject))
		return GREY_KNOWN;
	if (is_proved(grey, subject))
		return GREY_PROVED;
	if (wrote_to(grey, subject->request->sender))
		return GREY_WRITTEN;
	if (mode == GREY_SUSPICIOUS && is_named(subject->request))
		return GREY_NAMED;
	return GREY_WHYS;
}

static enum grey_why judge_said(struct grey *grey, const struct subject *subject,
				enum oracle_answer said, struct grey_answer *ret)
{
	const char *domain = subject->request->domain;

	if (said == ORACLE_PASS) {
		note_proved(grey->store, subject->network, domain, subject->now_s, GREY_PROVED_S);
		return GREY_SPF;
	}
	if (said == ORACLE_NO_RECORD && domain[0] && known_has(grey->store, domain))
		return GREY_WRITTEN;
	return judge_again(grey, subject,
			   said == ORACLE_NONE ? subject->anywhere : subject->waiting, ret);
}

static void count(struct grey *grey, enum grey_why why, int64_t now_s)
{
	if (grey->day != now_s / DAY) {
		memset(grey->counts, 0, sizeof(grey->counts));
		grey->day = now_s / DAY;
	}
	grey->counts[why]++;
}

void grey_judge(struct grey *grey, const struct postfix_request *request, enum grey_mode mode,
		enum oracle_answer said, int64_t now_s, struct grey_answer *ret)
{
	struct subject subject = {.request = request, .now_s = now_s};

	*ret = (struct grey_answer){.why = GREY_FLOODED};
	host_network(request->client, V4_BITS, subject.network);
	if (!subject.network[0])
		return; /* no address: nobody would know it again */
	name_waiting(&subject, subject.network, subject.waiting);
	name_waiting(&subject, "*", subject.anywhere);
	ret->why = judge_known(grey, &subject, mode);
	if (ret->why == GREY_WHYS && is_early(grey, &subject, ret))
		ret->why = GREY_PUT_OFF;
	if (ret->why == GREY_WHYS && said == ORACLE_NOT_YET && request->domain[0]) {
		ret->ask = true;
		return;
	}
	if (ret->why == GREY_WHYS)
		ret->why = judge_said(grey, &subject, said, ret);
	count(grey, ret->why, now_s);
}

void grey_learn(struct store *store, const char *client, const char *author, int64_t now_s)
{
	char network[HOST_NETWORK];

	host_network(client, V4_BITS, network);
	note_proved(store, network, author, now_s, GREY_LEARNT_S);
}

void grey_written(struct store *store, const char *address, int64_t now_s)
{
	char key[REQUEST_ADDRESS];
	const struct store_row *row;

	snprintf(key, sizeof(key), "%s", address);
	lower(key);
	row = store_find(store, STORE_PERSON, key);
	if (!row || row->seen <= now_s - DAY || row->seen > now_s)
		store_take(store, STORE_PERSON, key, now_s);
}
