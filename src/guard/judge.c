// SPDX-License-Identifier: GPL-3.0-or-later
#include "guard/judge.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/error.h"

enum { TABLE_SIZE = 16384, LOOKED_AT = 64 };

/* FNV-1a from a start that nobody knows. */
static uint64_t mix(uint64_t hash, const void *bytes, size_t size)
{
	const uint8_t *byte = bytes;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ byte[i]) * UINT64_C(1099511628211);
	return hash ^ hash >> 29;
}

int judge_init(struct judge *judge, unsigned after, struct error *error)
{
	*judge = (struct judge){.after = after};
	judge->table = calloc(TABLE_SIZE, sizeof(*judge->table));
	if (!judge->table)
		return error_set(error, ENOMEM, "out of memory");
	if (getrandom(&judge->secret, sizeof(judge->secret), 0) != sizeof(judge->secret)) {
		judge_clear(judge);
		return error_errno(error, errno, "no random number");
	}
	return 0;
}

static void judged_free(struct judged *judged)
{
	free(judged->things);
	free(judged);
}

void judge_clear(struct judge *judge)
{
	struct judged *next;

	for (struct judged *judged = judge->oldest; judged; judged = next) {
		next = judged->younger;
		judged_free(judged);
	}
	free(judge->table);
	*judge = (struct judge){0};
}

uint32_t judge_thing(const struct judge *judge, struct slice first, struct slice second)
{
	uint64_t hash = mix(mix(judge->secret, first.at, first.size), "", 1);
	uint32_t thing = (uint32_t)(mix(hash, second.at, second.size) >> 16);

	return thing ? thing : 1;
}

/* ---- The table, and the order ---- */

static struct judged **place_of(const struct judge *judge, const struct network *network)
{
	struct judged **place =
	    &judge->table[mix(judge->secret, network, sizeof(*network)) >> 20 & (TABLE_SIZE - 1)];

	while (*place && !network_equal(&(*place)->network, network))
		place = &(*place)->next;
	return place;
}

struct judged *judge_find(const struct judge *judge, const struct network *network)
{
	return *place_of(judge, network);
}

static void order_remove(struct judge *judge, struct judged *judged)
{
	*(judged->older ? &judged->older->younger : &judge->oldest) = judged->younger;
	*(judged->younger ? &judged->younger->older : &judge->youngest) = judged->older;
	judged->older = judged->younger = NULL;
}

static void order_add(struct judge *judge, struct judged *judged)
{
	judged->older = judge->youngest;
	*(judge->youngest ? &judge->youngest->younger : &judge->oldest) = judged;
	judge->youngest = judged;
}

static void forget(struct judge *judge, struct judged *judged)
{
	struct judged **place = place_of(judge, &judged->network);

	*place = judged->next;
	order_remove(judge, judged);
	judged_free(judged);
	judge->count--;
}

static void forget_one(struct judge *judge, int64_t now)
{
	struct judged *judged = judge->oldest;

	for (size_t i = 0; judged && i < LOOKED_AT; i++, judged = judged->younger)
		if (!judged_is_lasting(judged, now)) {
			forget(judge, judged);
			return;
		}
	forget(judge, judge->oldest);
}

/* What is known of it, which may be nothing yet; NULL without memory. */
static struct judged *hear_of(struct judge *judge, const struct network *network, int64_t now)
{
	struct judged **place, *judged = judge_find(judge, network);

	if (judged) {
		order_remove(judge, judged);
		order_add(judge, judged);
		return judged;
	}
	judged = calloc(1, sizeof(*judged));
	if (!judged)
		return NULL;
	if (judge->count == JUDGE_NETWORKS)
		forget_one(judge, now);
	judged->network = *network;
	place = place_of(judge, network);
	judged->next = *place;
	*place = judged;
	order_add(judge, judged);
	judge->count++;
	return judged;
}

/* ---- Points ---- */

/* True when it is new.  Without memory each one is. */
static bool remember_thing(struct judged *judged, uint32_t thing)
{
	for (size_t i = 0; i < judged->things_count; i++)
		if (judged->things[i] == thing)
			return false;
	/* 8 first, then all: most networks are heard of once. */
	if (judged->things_count == 0 || judged->things_count == 8) {
		size_t room = judged->things_count ? JUDGE_TRIED : 8;
		uint32_t *things = realloc(judged->things, room * sizeof(*things));

		if (!things)
			return true;
		judged->things = things;
	}
	if (judged->things_count < JUDGE_TRIED) {
		judged->things[judged->things_count++] = thing;
	} else {
		judged->things[judged->things_next] = thing;
		judged->things_next = (judged->things_next + 1) % JUDGE_TRIED;
	}
	return true;
}

double judged_points(const struct judged *judged, int64_t now)
{
	int64_t age = now > judged->points_at ? now - judged->points_at : 0;
	double points = judged->points;

	for (; age >= JUDGE_HALF_LIFE && points > 0.01; age -= JUDGE_HALF_LIFE)
		points /= 2;
	/* In a straight line from one half to the next. */
	return age < JUDGE_HALF_LIFE ? points - points * (double)age / (2 * JUDGE_HALF_LIFE) : 0;
}

unsigned judge_limit(const struct judge *judge, const struct judged *judged, int64_t now)
{
	bool known = judged->good_at > 0 && now - judged->good_at < JUDGE_MEMORY;

	return judge->after * (known ? JUDGE_KNOWN_TIMES : 1);
}

bool judged_is_banned(const struct judged *judged, int64_t now)
{
	return judged->until > now;
}

bool judged_is_lasting(const struct judged *judged, int64_t now)
{
	return now - judged->until < JUDGE_MEMORY || now - judged->good_at < JUDGE_MEMORY;
}

struct judged *judge_fail(struct judge *judge, const struct network *network,
			  const struct judge_try *try, int64_t now)
{
	struct judged *judged = hear_of(judge, network, now);

	if (!judged || (try->thing && !remember_thing(judged, try->thing)))
		return NULL;
	judged->points = judged_points(judged, now) + 1;
	judged->points_at = now;
	judged->tries += judged->tries < UINT32_MAX;
	if (judged_is_banned(judged, now))
		return NULL;
	memcpy(judged->reason, try->what, sizeof(judged->reason));
	/* Half a point less: while the fifth comes, the first has begun to fade. */
	return judged->points > judge_limit(judge, judged, now) - 0.5 ? judged : NULL;
}

void judge_succeed(struct judge *judge, const struct network *network, int64_t now)
{
	struct judged *judged = hear_of(judge, network, now);

	if (!judged)
		return;
	/* It is written once a day: who logs in a hundred times an hour is no news. */
	judge->changed |= now - judged->good_at > 24 * 60 * 60;
	judged->good_at = now;
}

/* ---- Bans ---- */

static int64_t length_of_ban(const struct judged *judged)
{
	int64_t seconds = JUDGE_FIRST_BAN;

	for (unsigned i = 0; i < judged->times && seconds < JUDGE_LONGEST_BAN; i++)
		seconds *= JUDGE_FACTOR;
	return seconds < JUDGE_LONGEST_BAN ? seconds : JUDGE_LONGEST_BAN;
}

struct judged *judge_ban(struct judge *judge, const struct network *network, const char *reason,
			 int64_t seconds, int64_t now)
{
	struct judged *judged = hear_of(judge, network, now);

	if (!judged)
		return NULL;
	if (now - judged->until >= JUDGE_MEMORY)
		judged->times = 0;
	if (reason != judged->reason)
		snprintf(judged->reason, sizeof(judged->reason), "%s", reason);
	judged->since = now;
	judged->until = now + (seconds ? seconds : length_of_ban(judged));
	judged->times += judged->times < 100;
	judged->points = 0; /* a new start, when it is over */
	judge->changed = true;
	return judged;
}

bool judge_forgive(struct judge *judge, const struct network *network, int64_t now)
{
	struct judged *judged = judge_find(judge, network);

	if (!judged || !judged_is_banned(judged, now))
		return false;
	judged->since = judged->until = 0;
	judged->times = 0;
	judged->points = 0;
	judge->changed = true;
	return true;
}

void judge_remember(struct judge *judge, const struct judged *known, int64_t now)
{
	struct judged *judged;

	/* Whatever the clock said then: each ban has an end. */
	if (known->until > now + JUDGE_LONGEST_BY_HAND || known->since > known->until ||
	    known->good_at > now || !judged_is_lasting(known, now) ||
	    judge_find(judge, &known->network))
		return;
	judged = hear_of(judge, &known->network, now);
	if (!judged)
		return;
	judged->good_at = known->good_at;
	judged->since = known->since;
	judged->until = known->until;
	judged->times = known->times;
	memcpy(judged->reason, known->reason, sizeof(judged->reason));
}
