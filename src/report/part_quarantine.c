// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/part_quarantine.h"

#include <sys/statvfs.h>

#include "base/diary.h"
#include "base/file.h"
#include "base/json_file.h"
#include "quarantine/entry.h"
#include "state/report_state.h"

enum { SHARE = 4 }; /* more than a quarter of the file system is said */

struct counts {
	json_int_t messages, bytes, fresh, released;
	json_int_t all; /* bytes of all files */
	int64_t oldest;
};

static struct counts count_items(const struct quarantine_items *items, const struct diary *diary)
{
	struct counts counts = {0};

	for (size_t i = 0; i < items->count; i++) {
		const struct quarantine_item *item = items->items + i;
		const struct diary_line *line = diary_find(diary, item->name);

		counts.all += item->size;
		if (item->place == QUARANTINE_RELEASED) {
			counts.released++;
			continue;
		}
		if (!counts.messages++)
			counts.oldest = item->time; /* they are sorted */
		counts.bytes += item->size;
		counts.fresh += item->named && !(line && line->told);
	}
	return counts;
}

/* Nothing in it is deleted by itself, so strangers can fill the disk with it, and then no
 * mail is taken: that has to be seen before. */
static void judge_room(json_t *report, int folder, json_int_t bytes)
{
	char taken[QUARANTINE_SIZE_TEXT], there[QUARANTINE_SIZE_TEXT];
	struct statvfs space;
	int64_t size;

	if (fstatvfs(folder, &space) < 0)
		return;
	size = (int64_t)space.f_blocks * (int64_t)space.f_frsize;
	if (bytes <= size / SHARE)
		return;
	quarantine_format_size(bytes, taken);
	quarantine_format_size(size, there);
	report_degrade(report,
		       json_sprintf("degraded: the quarantine takes %s of a disk of %s; "
				    "look at `postcask quarantine list`, delete what is not "
				    "needed, or set quarantine.retention_days",
				    taken, there));
}

void quarantine_summary_add(json_t *report, const char *state)
{
	_cleanup_(quarantine_close) struct quarantine quarantine = QUARANTINE_INIT;
	_cleanup_(quarantine_items_free) struct quarantine_items items = QUARANTINE_ITEMS_INIT;
	_cleanup_free_ char *path = file_join(state, "diary/quarantine");
	_cleanup_(error_clear) struct error none = ERROR_INIT;
	_cleanup_(diary_free) struct diary diary = DIARY_INIT;
	char oldest[QUARANTINE_TIME_TEXT];
	struct counts counts;

	if (!path || quarantine_open(&quarantine, state, &none) < 0 ||
	    quarantine_list(&quarantine, &items, &none) < 0)
		return;
	if (diary_load(path, &diary, &none) < 0)
		diary = DIARY_INIT; /* begun anew by the daily job: everything is new to it */
	counts = count_items(&items, &diary);
	quarantine_format_utc(counts.oldest, oldest);
	json_object_set_new(report, "quarantine",
			    json_pack("{s:I,s:I,s:o,s:I,s:I}", "messages", counts.messages, "bytes",
				      counts.bytes, "oldest",
				      counts.messages ? json_string(oldest) : json_null(), "new",
				      counts.fresh, "released", counts.released));
	judge_room(report, quarantine.folders[QUARANTINE_HELD], counts.all);
}

void quarantine_summary_text(const json_t *report, struct buffer *text)
{
	const json_t *quarantine = json_object_get(report, "quarantine");
	long long messages = json_number(quarantine, "messages");
	const char *oldest = json_text(quarantine, "oldest");
	char size[QUARANTINE_SIZE_TEXT];

	if (messages == 0)
		return;
	quarantine_format_size(json_number(quarantine, "bytes"), size);
	buffer_addf(text,
		    "quarantine: %lld message%s, %s, the oldest of %.10s, %lld in no digest yet "
		    "(postcask quarantine list)\n",
		    messages, messages == 1 ? "" : "s", size, oldest[0] ? oldest : "-",
		    json_number(quarantine, "new"));
}
