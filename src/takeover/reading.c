// SPDX-License-Identifier: GPL-3.0-or-later
/* In the child: what the kinds of servers have alike. */
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buffer.h"
#include "takeover/dump.h"
#include "takeover/sqlite_rows.h"
#include "takeover/takeover.h"

static int read_whole(const struct takeover_file *file, struct buffer *whole, struct error *error)
{
	struct stat status;

	if (fstat(file->fd, &status) < 0)
		return error_errno(error, errno, "%s", file->path);
	if (status.st_size > SQLITE_ROWS_FILE)
		return error_set(error, EFBIG, "%s: more than %d MiB", file->path,
				 SQLITE_ROWS_FILE / 1024 / 1024);
	for (;;) {
		char bytes[INTAKE_BLOCK];
		ssize_t size = read(file->fd, bytes, sizeof(bytes));

		if (size < 0)
			return error_errno(error, errno, "%s", file->path);
		if (size == 0 || whole->size > SQLITE_ROWS_FILE)
			break;
		buffer_add(whole, bytes, (size_t)size);
	}
	return whole->failed ? error_set(error, ENOMEM, "out of memory") : 0;
}

static int read_sqlite(const struct takeover_file *file, struct slice beginning,
		       struct tables *tables, struct error *error)
{
	_cleanup_(buffer_wipe) struct buffer whole = BUFFER_INIT;
	int result;

	buffer_add(&whole, beginning.at, beginning.size);
	result = read_whole(file, &whole, error);
	return result < 0 ? result : sqlite_rows_read(whole.data, whole.size, tables, error);
}

int takeover_tables(const struct takeover_file *file, const struct table_wish *wishes,
		    struct tables *ret, struct error *error)
{
	_cleanup_free_ struct intake *intake = malloc(sizeof(*intake));
	int result = tables_begin(ret, wishes, file->path, error);

	if (result == 0 && !intake)
		result = error_set(error, ENOMEM, "out of memory");
	if (result < 0)
		return result;
	intake_open(intake, file->fd);
	return sqlite_rows_is(intake_beginning(intake))
		   ? read_sqlite(file, intake_beginning(intake), ret, error)
		   : dump_read(intake, ret, error);
}

const char *takeover_text(const json_t *row, const char *column)
{
	return json_string_value(json_object_get(row, column));
}

bool takeover_size(const char *text, long long *ret)
{
	static const char units[] = "bkmgt";
	struct slice rest = slice_of(text);
	const char *unit;
	long long number;

	if (!slice_number(&rest, &number))
		return false;
	if (rest.size == 0) {
		*ret = number;
		return true;
	}
	unit = strchr(units, tolower((unsigned char)*rest.at));
	if (!unit || !*unit || rest.size > 3 || number > (1LL << 30))
		return false;
	for (size_t i = 1; i < rest.size; i++) /* GB, GiB */
		if (!strchr("ibIB", rest.at[i]))
			return false;
	for (const char *u = units; u < unit && number < (1LL << 52); u++)
		number *= 1024;
	*ret = number;
	return true;
}
