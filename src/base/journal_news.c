// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/journal_news.h"

#include <string.h>
#include <time.h>

static uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static int add_matches(sd_journal *journal, const char *const *matches, size_t count)
{
	int result = 0;

	for (size_t i = 0; i < count && result >= 0; i++)
		result = matches[i] ? sd_journal_add_match(journal, matches[i], 0)
				    : sd_journal_add_disjunction(journal);
	return result;
}

int journal_news_open(const char *folder, const char *const *matches, size_t count, size_t line,
		      sd_journal **ret, struct error *error)
{
	_cleanup_(journal_news_close) sd_journal *journal = NULL;
	int result = folder ? sd_journal_open_directory(&journal, folder, 0)
			    : sd_journal_open(&journal, SD_JOURNAL_LOCAL_ONLY);

	if (result < 0)
		return error_errno(error, result, "the journal cannot be opened");
	result = add_matches(journal, matches, count);
	if (result < 0)
		return error_errno(error, result, "the journal cannot be searched");
	result = sd_journal_set_data_threshold(journal, line);
	if (result >= 0)
		/* Not the tail: with no line of ours before it, none would come after. */
		result = sd_journal_seek_realtime_usec(journal, now_us());
	if (result >= 0)
		result = sd_journal_get_fd(journal);
	if (result < 0)
		return error_errno(error, result, "the journal cannot be followed");
	*ret = TAKE_POINTER(journal);
	return 0;
}

void journal_news_close(sd_journal **journal)
{
	if (*journal)
		sd_journal_close(*journal);
	*journal = NULL;
}

struct slice journal_field(sd_journal *journal, const char *name)
{
	size_t size, skip = strlen(name) + 1;
	const void *data;

	if (sd_journal_get_data(journal, name, &data, &size) < 0 || size < skip)
		return (struct slice){"", 0};
	return (struct slice){(const char *)data + skip, size - skip};
}
