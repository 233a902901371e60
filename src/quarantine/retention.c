// SPDX-License-Identifier: GPL-3.0-or-later
#include "quarantine/retention.h"

#include "base/diary.h"

#include <errno.h>

enum {
	DAY = 86400,
	STEP = 2 * DAY, /* the most that one run believes */
};

int retention_update(const struct diary *before, const struct quarantine_items *items, int64_t now,
		     struct diary *ret_diary, struct error *error)
{
	int64_t newest = items->count ? items->items[items->count - 1].time : 0;
	struct diary diary = {.clock = diary_clock(now, before->clock, newest, STEP),
			      .digest = before->digest};
	int result = 0;

	for (size_t i = 0; i < items->count && result == 0; i++) {
		const struct quarantine_item *item = items->items + i;
		const struct diary_line *line = diary_find(before, item->name);

		if (item->named && item->regular)
			result = diary_add(&diary, item->name, line ? line->seen : diary.clock,
					   line && line->told, error);
	}
	if (result < 0) {
		diary_free(&diary);
		return result;
	}
	diary_sort(&diary);
	*ret_diary = diary;
	return 0;
}

/* Takes the lines of removed files, which have no name any more, out of the diary. */
static void close_up(struct diary *diary)
{
	size_t kept = 0;

	for (size_t i = 0; i < diary->count; i++)
		if (diary->lines[i].name)
			diary->lines[kept++] = diary->lines[i];
	diary->count = kept;
}

int retention_expire(const struct quarantine *quarantine, const struct quarantine_items *items,
		     struct diary *diary, unsigned days, size_t *ret_count, struct error *error)
{
	_cleanup_free_ size_t *over = calloc(items->count + 1, sizeof(*over));
	size_t count = 0;
	int result = 0;

	*ret_count = 0;
	if (days == 0)
		return 0;
	if (!over)
		return error_set(error, ENOMEM, "out of memory");
	for (size_t i = 0; i < items->count && result == 0; i++) {
		const struct quarantine_item *item = items->items + i;
		const struct diary_line *line = diary_find(diary, item->name);

		if (!line || diary->clock - line->seen <= (int64_t)days * DAY)
			continue;
		result = quarantine_remove(quarantine, item, error);
		if (result < 0)
			break;
		quarantine_log("expire", item, "");
		over[count++] = (size_t)(line - diary->lines);
	}
	for (size_t i = 0; i < count; i++) {
		free(diary->lines[over[i]].name);
		diary->lines[over[i]].name = NULL;
	}
	close_up(diary);
	*ret_count = count;
	if (result == 0 && count)
		result = quarantine_sync(quarantine, error);
	return result;
}
