// SPDX-License-Identifier: GPL-3.0-or-later
#include "lists/recall.h"

#include <string.h>

#include "base/json_file.h"

static const char *state_names[] = {
    [LIFE_NEW] = "untested", [LIFE_USED] = "used", [LIFE_CUT] = "cut"};

static json_t *describe(const struct tested *tested)
{
	_cleanup_(buffer_free) struct buffer sentence = BUFFER_INIT;
	const struct life *life = &tested->life;

	verdict_say(life->verdict, tested->list, &sentence);
	return json_pack("{s:s, s:s, s:I, s:s, s:s, s:b, s:I}", "zone", tested->list->zone, "state",
			 state_names[life->state], "since", (json_int_t)life->since, "verdict",
			 verdict_name(life->verdict), "sentence", buffer_text(&sentence), "asks",
			 life->state == LIFE_CUT && verdict_asks(life->verdict), "lies_until",
			 (json_int_t)life->lies_until);
}

json_t *recall_write(const struct sources *sources)
{
	_cleanup_json_ json_t *lists = json_array();

	for (size_t i = 0; i < sources->count; i++)
		if (json_array_append_new(lists, describe(&sources->tested[i])) < 0)
			return NULL;
	return json_pack("{s:O}", "lists", lists);
}

static void take_life(struct life *life, const json_t *known, int64_t now)
{
	int64_t longest = now + LOOKUP_TTL + LIFE_CUT_MS / 1000;
	enum verdict verdict = verdict_find(json_text(known, "verdict"));
	bool cut = strcmp(json_text(known, "state"), state_names[LIFE_CUT]) == 0;

	/* A clock that was wrong when it was written makes no list false for years. */
	life->lies_until = json_number(known, "lies_until");
	if (life->lies_until > longest)
		life->lies_until = longest;
	life->since = json_number(known, "since");
	if (cut && verdict > VERDICT_GOOD && verdict < VERDICTS) {
		life->state = LIFE_CUT;
		life->verdict = verdict;
	}
}

void recall_read(struct sources *sources, const json_t *known)
{
	json_t *one;
	size_t i;

	json_array_foreach(json_object_get(known, "lists"), i, one)
	{
		struct tested *tested = tested_find(sources, json_text(one, "zone"));

		if (tested)
			take_life(&tested->life, one, sources->now);
	}
}
