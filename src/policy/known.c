// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/known.h"

#include <errno.h>

#include "base/file.h"
#include "base/slice.h"
#include "policy/name.h"

enum { DAY = 24 * 60 * 60, FILE_LIMIT = 10000 * (NAME_SIZE + 20) };

/* Once a day is often enough for a time of 400. */
void known_add(struct store *store, const char *name, int64_t now_s)
{
	const struct store_row *row = store_find(store, STORE_WRITTEN, name);

	if (!row || row->seen <= now_s - DAY || row->seen > now_s)
		store_take(store, STORE_WRITTEN, name, now_s);
}

bool known_has(const struct store *store, const char *name)
{
	return store_find(store, STORE_WRITTEN, name) != NULL;
}

/* True when the store has it already. */
static bool take_over(struct store *store, struct slice line, int64_t now_s)
{
	char name[NAME_SIZE];
	long long day;

	if (!slice_number(&line, &day) || !slice_skip(&line, SLICE(" ")) || !name_take(line, name))
		return true; /* damaged */
	if (known_has(store, name))
		return true;
	known_add(store, name, day * DAY < now_s ? day * DAY : now_s);
	return false;
}

void known_take_over(struct store *store, const char *path, int64_t now_s, struct error *error)
{
	_cleanup_free_ char *text = NULL;
	struct slice rest, line;
	bool all = true;
	size_t size;
	int result = file_read(path, FILE_LIMIT, &text, &size, error);

	if (result == -ENOENT) /* it was never there, or is done with */
		error_clear(error);
	if (result < 0)
		return;
	rest = (struct slice){text, size};
	while (slice_until(&rest, SLICE("\n"), &line))
		all = take_over(store, line, now_s) && all;
	if (all && unlink(path) < 0)
		error_errno(error, errno, "cannot remove %s", path);
}
