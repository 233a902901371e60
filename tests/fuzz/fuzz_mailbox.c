// SPDX-License-Identifier: GPL-3.0-or-later
/* libFuzzer on what doveadm says of messages and folders, in which texts, flags and names are
 * strangers': read in any pieces it is refused, or gives the same rows. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_file.h"
#include "mailbox/compare.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int read_rows(struct rows *rows, const char *said, size_t size, size_t piece, bool with_text)
{
	*rows = ROWS_INIT;
	rows->with_text = with_text;
	for (size_t at = 0; at < size; at += piece)
		if (rows_take(rows, said + at, size - at < piece ? size - at : piece, NULL) < 0)
			return -1;
	return rows_end(rows, NULL);
}

static void check_rows(const char *said, size_t size, size_t piece, bool with_text)
{
	_cleanup_(rows_free) struct rows whole, pieces;
	const char *what = NULL;
	int result = read_rows(&whole, said, size, size ? size : 1, with_text);

	if (read_rows(&pieces, said, size, piece, with_text) != result)
		abort();
	if (result < 0)
		return;
	if (rows_differ(&whole, &pieces, &what))
		abort();
	for (size_t i = 0; i < whole.count; i++)
		if (strcmp(whole.list[i].text, pieces.list[i].text) != 0 &&
		    rows_find(&whole, whole.list[i].folder, whole.list[i].uid) == &whole.list[i] &&
		    (i == 0 || whole.list[i - 1].uid != whole.list[i].uid) &&
		    (i + 1 == whole.count || whole.list[i + 1].uid != whole.list[i].uid))
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_json_ json_t *folders = NULL;
	_cleanup_free_ char *text = NULL;
	size_t piece;

	if (size < 1)
		return 0;
	piece = 1 + data[0] % 64;
	check_rows((const char *)data + 1, size - 1, piece, true);
	check_rows((const char *)data + 1, size - 1, piece, false);
	text = strndup((const char *)data + 1, size - 1);
	if (text && compare_read_folders(text, strlen(text), &folders, &error) == 0 &&
	    compare_folders(folders, folders, &error) < 0)
		abort();
	return 0;
}
