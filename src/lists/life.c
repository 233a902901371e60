// SPDX-License-Identifier: GPL-3.0-or-later
#include "lists/life.h"

#include <string.h>

static bool is_point6(enum life_point point)
{
	return point >= LIFE_LISTED6;
}

static bool is_listed(enum life_point point)
{
	return point == LIFE_LISTED4 || point == LIFE_LISTED6;
}

struct catalog_address life_address(enum life_point point, uint32_t random)
{
	static const uint8_t fixed[LIFE_POINTS][16] = {
	    [LIFE_LISTED4] = {127, 0, 0, 2},
	    [LIFE_UNLISTED4] = {127, 0, 0, 1},
	    [LIFE_FRESH4] = {198, 18},
	    [LIFE_LISTED6] = {[10] = 255, 255, 127, 0, 0, 2},
	    [LIFE_UNLISTED6] = {[10] = 255, 255, 127, 0, 0, 1},
	    [LIFE_NOBODY6] = {0x20, 0x01, 0x0d, 0xb8},
	};
	static const uint8_t nobody[3][3] = {{192, 0, 2}, {198, 51, 100}, {203, 0, 113}};
	struct catalog_address address = {.family = is_point6(point) ? AF_INET6 : AF_INET};

	memcpy(address.bytes, fixed[point], sizeof(address.bytes));
	if (point == LIFE_NOBODY4) {
		memcpy(address.bytes, nobody[random % 3], 3);
		address.bytes[3] = (uint8_t)(1 + random / 3 % 254);
	} else if (point == LIFE_FRESH4) {
		address.bytes[1] = (uint8_t)(18 + random % 2);
		memcpy(address.bytes + 2, &random, 2);
	} else if (point == LIFE_NOBODY6) {
		memcpy(address.bytes + 12, &random, sizeof(random));
	}
	return address;
}

/* ---- What answers mean ---- */

static bool is_two(const uint8_t address[4])
{
	return memcmp(address, (const uint8_t[4]){127, 0, 0, 2}, 4) == 0;
}

static enum life_kind kind_of_address(const struct catalog_list *list, enum life_point point,
				      const uint8_t address[4])
{
	if (address[0] != 127)
		return LIFE_OUTSIDE;
	if (blocklist_refuses(address))
		return LIFE_REFUSED;
	/* Of a list whose other codes alone count, the test point may have its first one. */
	if (catalog_count(list, address) || (is_listed(point) && is_two(address)))
		return LIFE_COUNTS;
	return LIFE_OTHER;
}

enum life_kind life_kind_of(const struct catalog_list *list, enum life_point point,
			    const struct lookup_answer *answer)
{
	enum life_kind kind = LIFE_NOTHING;
	bool counts = false;

	if (answer->result == LOOKUP_SILENT)
		return LIFE_SILENT;
	if (answer->result == LOOKUP_FAILED)
		return LIFE_FAILED;
	for (size_t i = 0; i < answer->count; i++) {
		enum life_kind one = kind_of_address(list, point, answer->addresses[i]);

		counts = counts || one == LIFE_COUNTS;
		kind = one > kind ? one : kind;
	}
	return kind == LIFE_OTHER && counts ? LIFE_COUNTS : kind;
}

static bool any(const enum life_kind kinds[LIFE_POINTS], enum life_point last, enum life_kind kind)
{
	for (enum life_point point = 0; point <= last; point++)
		if (kinds[point] == kind)
			return true;
	return false;
}

enum verdict life_verdict(const struct catalog_list *list, const enum life_kind kinds[LIFE_POINTS])
{
	enum life_kind listed = kinds[LIFE_LISTED4];

	if (any(kinds, LIFE_POINTS - 1, LIFE_REFUSED))
		return VERDICT_REFUSED;
	if (any(kinds, LIFE_POINTS - 1, LIFE_OUTSIDE))
		return VERDICT_OUTSIDE;
	for (enum life_point point = 0; point < LIFE_POINTS; point++)
		if (!is_listed(point) && kinds[point] >= LIFE_COUNTS)
			return VERDICT_LIES;
	/* Those of IPv6 may be beyond what its servers understand. */
	if (any(kinds, LIFE_FRESH4, LIFE_SILENT))
		return VERDICT_SILENT;
	if (any(kinds, LIFE_FRESH4, LIFE_FAILED))
		return VERDICT_FAILS;
	if (listed == LIFE_NOTHING)
		return VERDICT_EMPTY;
	/* Lists of who is welcome have there what says nothing for or against anybody. */
	if (listed == LIFE_OTHER && !list->welcomes)
		return VERDICT_CODES;
	return VERDICT_GOOD;
}

/* ---- What follows ---- */

static void enter(struct life *life, enum life_state state, int64_t now)
{
	life->state = state;
	life->since = now;
}

static bool take_good(struct life *life, int64_t now)
{
	bool fresh = life->state == LIFE_NEW;
	bool back =
	    life->state == LIFE_CUT && life->good + 1 >= LIFE_GOOD && now >= life->lies_until;

	life->bad = 0;
	life->good++;
	if (fresh || back)
		enter(life, LIFE_USED, fresh && life->since ? life->since : now);
	if (life->state == LIFE_USED)
		life->verdict = VERDICT_GOOD;
	return fresh || back;
}

static bool take_bad(struct life *life, enum verdict verdict, int64_t now)
{
	bool other = life->state == LIFE_CUT && life->verdict != verdict;
	bool cut = life->state != LIFE_CUT && life->bad + 1 >= LIFE_BAD;

	life->good = 0;
	life->bad++;
	life->verdict = verdict;
	if (cut)
		enter(life, LIFE_CUT, now);
	return cut || other;
}

bool life_judge(struct life *life, enum verdict verdict, int64_t now_ms, int64_t now)
{
	life->last_ms = now_ms;
	life->tested = true;
	life->asked = life->suspect = false;
	return verdict == VERDICT_GOOD ? take_good(life, now) : take_bad(life, verdict, now);
}

static int64_t hurried(const struct life *life, int64_t wait_ms)
{
	return life->hurry ? wait_ms / life->hurry : wait_ms;
}

void life_lied(struct life *life, uint32_t ttl, int64_t now)
{
	int64_t until =
	    now + (ttl < LOOKUP_TTL ? ttl : LOOKUP_TTL) + hurried(life, LIFE_CUT_MS) / 1000;

	if (until > life->lies_until)
		life->lies_until = until;
}

bool life_counts(const struct life *life, int64_t now)
{
	return life->state == LIFE_USED && now >= life->lies_until;
}

static int64_t wait_ms(const struct life *life)
{
	if (life->state == LIFE_CUT)
		return life->good ? LIFE_BACK_MS : LIFE_CUT_MS;
	if (life->bad)
		return LIFE_AGAIN_MS;
	if (life->suspect)
		return LIFE_SUSPECT_MS;
	return life->asked ? LIFE_BUSY_MS : LIFE_IDLE_MS;
}

int64_t life_due(const struct life *life)
{
	return life->tested ? life->last_ms + hurried(life, wait_ms(life)) : 0;
}

/* ---- Words ---- */

static const struct {
	const char *name;
	bool asks;
	const char *sentence; /* after the zone */
} verdicts[VERDICTS] = {
    [VERDICT_GOOD] = {"good", false, ""},
    [VERDICT_REFUSED] = {"refused", true, NULL},
    [VERDICT_OUTSIDE] = {"no-list", true,
			 "answers with addresses of other machines and not with those of a list: "
			 "its domain is probably somebody else's by now; take it out of "
			 "filter.blocklists"},
    [VERDICT_LIES] =
	{"lists-all", true,
	 "has everybody listed, even addresses that nobody can have, as lists do that "
	 "were given up; look at its web page, and take it out of filter.blocklists if "
	 "it stays so"},
    [VERDICT_SILENT] = {"silent", false,
			"does not answer; look at its web page if it stays so, and at this "
			"machine's network if all lists are silent"},
    [VERDICT_FAILS] = {"fails", false,
		       "cannot be asked, for the DNS finds none of its servers or these fail; look "
		       "at its web page if it stays so"},
    [VERDICT_EMPTY] =
	{"empty", true,
	 "lists nobody, not even its test point 127.0.0.2, or does not exist; compare "
	 "its name with its web page, and whether it wants a key (KEY@ZONE)"},
    [VERDICT_CODES] = {"other-codes", true,
		       "has its test point listed with another code than those that "
		       "filter.blocklists names; write those of its documentation"},
};

const char *verdict_name(enum verdict verdict)
{
	return verdicts[verdict].name;
}

enum verdict verdict_find(const char *name)
{
	enum verdict verdict = 0;

	while (verdict < VERDICTS && strcmp(verdicts[verdict].name, name) != 0)
		verdict++;
	return verdict;
}

bool verdict_asks(enum verdict verdict)
{
	return verdicts[verdict].asks;
}

void verdict_say(enum verdict verdict, const struct catalog_list *list, struct buffer *text)
{
	bool has_key = strcmp(list->zone, list->asked) != 0;

	if (verdict == VERDICT_GOOD)
		return;
	buffer_addf(text, "%s %s", list->zone,
		    verdict != VERDICT_REFUSED ? verdicts[verdict].sentence
		    : has_key ? "refuses this machine's questions; ask whoever runs it whether the "
				"key is still good"
			      : "refuses this network's questions, as lists do where many ask; get "
				"a key of your own from whoever runs it and write it as KEY@ZONE, "
				"and leave resolver.forward empty");
}
