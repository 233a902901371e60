// SPDX-License-Identifier: GPL-3.0-or-later
#include "lists/tested.h"

#include <string.h>
#include <sys/random.h>

static uint32_t random_number(void)
{
	uint32_t number = 0;

	/* Without one the same address is asked for again, which is no harm. */
	return getrandom(&number, sizeof(number), 0) == sizeof(number) ? number : 0;
}

void tested_begin(struct sources *sources, const struct catalog *catalog, unsigned hurry)
{
	sources->count = catalog->count;
	for (size_t i = 0; i < catalog->count; i++)
		sources->tested[i] = (struct tested){
		    .list = &catalog->lists[i], .sources = sources, .life.hurry = hurry};
}

struct tested *tested_find(struct sources *sources, const char *zone)
{
	for (size_t i = 0; i < sources->count; i++)
		if (strcmp(sources->tested[i].list->zone, zone) == 0)
			return &sources->tested[i];
	return NULL;
}

/* ---- Tests ---- */

static void remember_lie(struct tested *tested, enum life_point point, enum life_kind kind,
			 uint32_t ttl)
{
	if (kind == LIFE_COUNTS && point != LIFE_LISTED4 && point != LIFE_LISTED6)
		life_lied(&tested->life, ttl, tested->sources->now);
}

static void finish_test(struct tested *tested)
{
	struct sources *sources = tested->sources;
	bool first = !tested->life.tested;
	enum verdict verdict = life_verdict(tested->list, tested->kinds);

	if (life_judge(&tested->life, verdict, sources->now_ms, sources->now) || first)
		sources->changed = true;
}

static void take_answer(void *context, unsigned tag, const struct lookup_answer *answer)
{
	struct tested *tested = context;
	enum life_point point = (enum life_point)tag;
	enum life_kind kind = life_kind_of(tested->list, point, answer);

	tested->kinds[point] = kind;
	remember_lie(tested, point, kind, answer->ttl);
	if (--tested->pending == 0)
		finish_test(tested);
}

static void begin_test(struct tested *tested)
{
	struct sources *sources = tested->sources;
	char name[CATALOG_ASKED];

	for (enum life_point point = 0; point < LIFE_POINTS; point++) {
		struct catalog_address address = life_address(point, random_number());

		tested->kinds[point] = LIFE_SILENT;
		catalog_ask(tested->list, &address, name);
		if (asker_ask(&sources->asker, name, sources->now_ms + TESTED_TEST_MS, take_answer,
			      tested, point))
			tested->pending++;
	}
	if (tested->pending == 0)
		finish_test(tested);
}

void tested_tick(struct sources *sources)
{
	for (size_t i = 0; i < sources->count; i++) {
		struct tested *tested = &sources->tested[i];

		if (tested->pending == 0 && sources->now_ms >= life_due(&tested->life))
			begin_test(tested);
	}
}

int64_t tested_due(const struct sources *sources)
{
	int64_t due_ms = INT64_MAX;

	for (size_t i = 0; i < sources->count; i++) {
		const struct tested *tested = &sources->tested[i];
		int64_t one_ms = life_due(&tested->life);

		if (tested->pending == 0 && one_ms < due_ms)
			due_ms = one_ms;
	}
	return due_ms;
}

/* ---- Between them ---- */

void tested_asked(struct tested *tested)
{
	tested->life.asked = true;
}

void tested_suspect(struct tested *tested)
{
	tested->life.suspect = true;
}

enum life_kind tested_control(struct tested *tested, const struct lookup_answer *answer)
{
	enum life_kind kind = life_kind_of(tested->list, LIFE_FRESH4, answer);

	remember_lie(tested, LIFE_FRESH4, kind, answer->ttl);
	if (kind != LIFE_NOTHING)
		tested_suspect(tested);
	return kind;
}

void tested_fresh(const struct tested *tested, char ret[CATALOG_ASKED])
{
	struct catalog_address address = life_address(LIFE_FRESH4, random_number());

	catalog_ask(tested->list, &address, ret);
}
