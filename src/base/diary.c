// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/diary.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/buffer.h"
#include "base/file.h"

enum {
	SIZE_LIMIT = 256 << 20,
	NAME_LIMIT = 255,
};

int diary_add(struct diary *diary, const char *name, int64_t seen, bool told, struct error *error)
{
	/* grows when the count is 0 or a power of two */
	if ((diary->count & (diary->count - 1)) == 0) {
		size_t wanted = diary->count ? diary->count * 2 : 1;
		void *grown = reallocarray(diary->lines, wanted, sizeof(*diary->lines));

		if (!grown)
			return error_set(error, ENOMEM, "out of memory");
		diary->lines = grown;
	}
	diary->lines[diary->count] =
	    (struct diary_line){.name = strdup(name), .seen = seen, .told = told};
	if (!diary->lines[diary->count].name)
		return error_set(error, ENOMEM, "out of memory");
	diary->count++;
	return 0;
}

static int compare_lines(const void *first, const void *second)
{
	const struct diary_line *a = first, *b = second;

	return strcmp(a->name, b->name);
}

void diary_sort(struct diary *diary)
{
	if (diary->count)
		qsort(diary->lines, diary->count, sizeof(*diary->lines), compare_lines);
}

const struct diary_line *diary_find(const struct diary *diary, const char *name)
{
	struct diary_line wanted = {.name = (char *)name};

	return diary->count ? bsearch(&wanted, diary->lines, diary->count, sizeof(*diary->lines),
				      compare_lines)
			    : NULL;
}

/* One line of the file. */
static int parse_line(struct diary *diary, const char *line, struct error *error)
{
	char name[NAME_LIMIT + 1], state[8];
	int64_t seen;
	int end = 0;

	if (sscanf(line, "clock %" SCNd64 "%n", &seen, &end) == 1 && !line[end]) {
		diary->clock = seen;
		return 0;
	}
	if (sscanf(line, "digest %" SCNd64 "%n", &seen, &end) == 1 && !line[end]) {
		diary->digest = seen;
		return 0;
	}
	if (sscanf(line, "%255s %" SCNd64 " %7s%n", name, &seen, state, &end) != 3 || line[end] ||
	    (strcmp(state, "told") != 0 && strcmp(state, "new") != 0))
		return error_set(error, EBADMSG, "damaged: '%.60s'", line);
	return diary_add(diary, name, seen, strcmp(state, "told") == 0, error);
}

int diary_load(const char *path, struct diary *diary, struct error *error)
{
	_cleanup_free_ char *text = NULL;
	char *rest, *line;
	size_t size;
	int result;

	*diary = DIARY_INIT;
	result = file_read(path, SIZE_LIMIT, &text, &size, error);
	if (result == -ENOENT) {
		if (error)
			error_clear(error);
		return 0;
	}
	if (result == 0 && (strlen(text) != size || (size && text[size - 1] != '\n')))
		result = error_set(error, EBADMSG, "damaged: it does not end in a whole line");
	rest = text;
	while (result == 0 && (line = strsep(&rest, "\n")) && (line[0] || rest))
		result = parse_line(diary, line, error);
	if (result < 0) {
		diary_free(diary);
		if (error)
			error_wrap(error, "%s", path);
		return result;
	}
	diary_sort(diary);
	return 0;
}

int diary_save(const char *path, const struct diary *diary, struct error *error)
{
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;

	buffer_addf(&text, "clock %" PRId64 "\ndigest %" PRId64 "\n", diary->clock, diary->digest);
	for (size_t i = 0; i < diary->count; i++)
		buffer_addf(&text, "%s %" PRId64 " %s\n", diary->lines[i].name,
			    diary->lines[i].seen, diary->lines[i].told ? "told" : "new");
	if (text.failed)
		return error_set(error, ENOMEM, "out of memory");
	return file_replace(path, text.data, text.size, 0600, (uid_t)-1, (gid_t)-1, error);
}

void diary_free(struct diary *diary)
{
	for (size_t i = 0; i < diary->count; i++)
		free(diary->lines[i].name);
	free(diary->lines);
	*diary = DIARY_INIT;
}

int64_t diary_clock(int64_t now, int64_t before, int64_t newest, int64_t step)
{
	int64_t from = before ? before : newest;

	return from && now > from + step ? from + step : now;
}
