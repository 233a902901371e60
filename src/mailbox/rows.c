// SPDX-License-Identifier: GPL-3.0-or-later
#include "mailbox/rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/slice.h"

enum { FLAGS_MOST = 4096, GUID_DIGITS = 32, FIELDS = 7 };

void rows_free(struct rows *rows)
{
	char none[DIGEST_TEXT_SIZE];

	if (rows->digest)
		digest_finish(rows->digest, none);
	free(rows->list);
	buffer_free(&rows->line);
	buffer_free(&rows->fields);
	*rows = ROWS_INIT;
}

/* ---- One line ---- */

static int compare_slices(const void *one, const void *other)
{
	const struct slice *a = one, *b = other;
	int result = memcmp(a->at, b->at, a->size < b->size ? a->size : b->size);

	return result ? result : (a->size > b->size) - (a->size < b->size);
}

/* In one order, and without what is of a session and not of the message. */
static int add_flags(EVP_MD_CTX *digest, struct slice flags)
{
	struct slice *list = calloc(FLAGS_MOST, sizeof(*list)), word;
	size_t count = 0;

	while (list && count < FLAGS_MOST && slice_until(&flags, SLICE(" "), &word))
		list[count++] = word;
	if (!list || count == FLAGS_MOST) {
		free(list);
		return -E2BIG;
	}
	list[count++] = flags;
	qsort(list, count, sizeof(*list), compare_slices);
	for (size_t i = 0; i < count; i++) {
		if (list[i].size == 0 || slice_equal(list[i], SLICE("\\Recent")))
			continue;
		digest_add(digest, list[i].at, list[i].size);
		digest_add(digest, " ", 1);
	}
	free(list);
	return 0;
}

static struct row *new_row(struct rows *rows)
{
	if (rows->count == rows->room) {
		size_t room = rows->room ? rows->room * 2 : 1024;
		struct row *list = reallocarray(rows->list, room, sizeof(*list));

		if (!list)
			return NULL;
		rows->list = list;
		rows->room = room;
	}
	rows->list[rows->count] = (struct row){0};
	return &rows->list[rows->count++];
}

static int add_about(struct row *row, const struct slice fields[FIELDS])
{
	EVP_MD_CTX *digest = digest_begin();
	int result;

	if (!digest)
		return -ENOMEM;
	digest_add(digest, fields[2].at, fields[2].size);
	digest_add(digest, "\n", 1);
	result = add_flags(digest, fields[3]);
	for (size_t i = 4; i < 6; i++) {
		digest_add(digest, "\n", 1);
		digest_add(digest, fields[i].at, fields[i].size);
	}
	digest_finish(digest, row->about);
	return result;
}

static int bad(struct rows *rows, struct error *error)
{
	return error_set(error, EBADMSG, "doveadm says what is no message: %.100s",
			 buffer_text(&rows->line));
}

/* All of a message but its text. */
static int take_row(struct rows *rows, struct error *error)
{
	struct slice fields[FIELDS], rest = {buffer_text(&rows->fields), rows->fields.size}, number;
	long long uid, bytes;
	struct row *row;

	for (size_t i = 0; i < FIELDS; i++)
		if (!slice_until(&rest, SLICE("\n"), &fields[i]))
			return bad(rows, error);
	number = fields[1];
	if (fields[0].size != GUID_DIGITS || !slice_number(&number, &uid) || number.size ||
	    uid < 1 || uid > UINT32_MAX)
		return bad(rows, error);
	number = fields[6];
	if (!slice_number(&number, &bytes) || number.size || bytes < 0)
		return bad(rows, error);
	row = new_row(rows);
	if (!row)
		return error_set(error, ENOMEM, "out of memory");
	memcpy(row->folder, fields[0].at, GUID_DIGITS);
	row->uid = (uint32_t)uid;
	rows->bytes += (uint64_t)bytes;
	if (add_about(row, fields) < 0)
		return bad(rows, error);
	buffer_reset(&rows->fields);
	rows->field = 0;
	rows->page = false;
	if (!rows->with_text)
		return 0;
	rows->left = (uint64_t)bytes;
	rows->cr = false;
	rows->digest = digest_begin();
	return rows->digest ? 0 : error_set(error, ENOMEM, "out of memory");
}

/* ---- The text ---- */

static void add_text(struct rows *rows, const char *bytes, size_t size)
{
	const char *from = bytes, *end = bytes + size;

	if (size && rows->cr && *bytes != '\n')
		digest_add(rows->digest, "\r", 1);
	if (size)
		rows->cr = false;
	for (const char *c = bytes; c < end; c++) {
		if (*c != '\r' || (c + 1 < end && c[1] != '\n'))
			continue;
		digest_add(rows->digest, from, (size_t)(c - from));
		from = c + 1;
		rows->cr = c + 1 == end;
	}
	digest_add(rows->digest, from, (size_t)(end - from));
}

static size_t take_text(struct rows *rows, const char *bytes, size_t size)
{
	size_t part = size < rows->left ? size : (size_t)rows->left;

	add_text(rows, bytes, part);
	rows->left -= part;
	if (rows->left > 0)
		return part;
	if (rows->cr)
		digest_add(rows->digest, "\r", 1);
	digest_finish(TAKE_POINTER(rows->digest), rows->list[rows->count - 1].text);
	return part;
}

/* One line of a message, or between two. */
static int take_line(struct rows *rows, struct error *error)
{
	static const char *const names[FIELDS] = {
	    "mailbox-guid",	      "uid",	      "guid",	      "flags",
	    "date.received.unixtime", "size.virtual", "size.physical"};
	struct slice line = {buffer_text(&rows->line), rows->line.size};

	if (rows->field == FIELDS)
		return slice_equal(line, SLICE("text:")) ? take_row(rows, error) : bad(rows, error);
	if (rows->field == 0 && rows->count > 0 && !rows->page) {
		rows->page = slice_equal(line, SLICE("\f"));
		return rows->page
			   ? 0
			   : error_set(error, EBADMSG,
				       "a message has another size than its mailbox says: UID %u",
				       rows->list[rows->count - 1].uid);
	}
	if (!slice_skip(&line, slice_of(names[rows->field])) || !slice_skip(&line, SLICE(": ")))
		return bad(rows, error);
	buffer_add(&rows->fields, line.at, line.size);
	buffer_add_char(&rows->fields, '\n');
	if (rows->fields.failed)
		return error_set(error, ENOMEM, "out of memory");
	return ++rows->field == FIELDS && !rows->with_text ? take_row(rows, error) : 0;
}

/* Up to the end of a line. */
static int take_some(struct rows *rows, const char *bytes, size_t size, size_t *ret_taken,
		     struct error *error)
{
	const char *end = memchr(bytes, '\n', size);
	size_t length = end ? (size_t)(end - bytes) : size;
	int result;

	buffer_add(&rows->line, bytes, length);
	*ret_taken = length + (end != NULL);
	if (rows->line.failed || rows->line.size > ROW_LINE)
		return error_set(error, E2BIG, "doveadm says a line that is too long");
	if (!end)
		return 0;
	result = take_line(rows, error);
	buffer_reset(&rows->line);
	if (result == 0 && rows->digest && rows->left == 0)
		(void)take_text(rows, "", 0);
	return result;
}

int rows_take(void *context, const char *bytes, size_t size, struct error *error)
{
	struct rows *rows = context;

	while (size > 0) {
		size_t taken = 1;
		int result = 0;

		if (rows->digest)
			taken = take_text(rows, bytes, size);
		else
			result = take_some(rows, bytes, size, &taken, error);
		if (result < 0)
			return result;
		bytes += taken;
		size -= taken;
	}
	return 0;
}

/* ---- All of them ---- */

static int compare_rows(const void *one, const void *other)
{
	const struct row *a = one, *b = other;
	int result = strcmp(a->folder, b->folder);

	return result ? result : (a->uid > b->uid) - (a->uid < b->uid);
}

int rows_end(struct rows *rows, struct error *error)
{
	if (rows->digest || rows->field || rows->page || rows->line.size)
		return error_set(error, EBADMSG, "doveadm ends in the middle of a message");
	if (rows->count)
		qsort(rows->list, rows->count, sizeof(*rows->list), compare_rows);
	return 0;
}

const struct row *rows_find(const struct rows *rows, const char *folder, uint32_t uid)
{
	struct row key = {.uid = uid};

	memcpy(key.folder, folder, sizeof(key.folder));
	return rows->count == 0 ? NULL
				: bsearch(&key, rows->list, rows->count, sizeof(key), compare_rows);
}

const struct row *rows_differ(const struct rows *one, const struct rows *other,
			      const char **ret_what)
{
	for (size_t i = 0; i < one->count || i < other->count; i++) {
		const struct row *a = i < one->count ? &one->list[i] : NULL;
		const struct row *b = i < other->count ? &other->list[i] : NULL;
		int order = !a ? 1 : !b ? -1 : compare_rows(a, b);

		*ret_what = order ? "is missing" : "has other flags, another date or size, or GUID";
		if (order)
			return order < 0 ? a : b;
		if (strcmp(a->about, b->about) != 0)
			return a;
	}
	return NULL;
}
