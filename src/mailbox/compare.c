// SPDX-License-Identifier: GPL-3.0-or-later
#include "mailbox/compare.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_file.h"
#include "base/slice.h"

enum { ASK_MS = 10 * 60 * 1000 };

/* ---- Folders ---- */

static int add_folder(json_t *folders, struct slice line)
{
	struct slice name, number, guid;
	long long numbers[4];

	if (!slice_until(&line, SLICE("\t"), &name))
		return -EBADMSG;
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		if (!slice_until(&line, SLICE("\t"), &number) ||
		    !slice_number(&number, &numbers[i]) || number.size)
			return -EBADMSG;
	guid = line;
	if (guid.size != ROW_FOLDER - 1)
		return -EBADMSG;
	return json_object_setn_new(folders, guid.at, guid.size,
				    json_pack("{s:s%, s:I, s:I, s:I, s:I}", "name", name.at,
					      name.size, "messages", (json_int_t)numbers[0],
					      "uidnext", (json_int_t)numbers[1], "uidvalidity",
					      (json_int_t)numbers[2], "modseq",
					      (json_int_t)numbers[3])) < 0
		   ? -EBADMSG
		   : 0;
}

int compare_read_folders(const char *said, size_t size, json_t **ret, struct error *error)
{
	_cleanup_json_ json_t *folders = json_object();
	struct slice rest = {said, size}, line;
	bool begun = false;

	while (slice_until(&rest, SLICE("\n"), &line)) {
		if (!begun)
			begun = slice_starts(line, SLICE("mailbox\t"));
		else if (add_folder(folders, line) < 0)
			return error_set(error, EBADMSG, "doveadm says what is no folder: %.*s",
					 (int)(line.size < 100 ? line.size : 100), line.at);
	}
	if (!begun)
		return error_set(error, EBADMSG, "doveadm says nothing of folders: %.100s", said);
	*ret = TAKE_POINTER(folders);
	return 0;
}

static int compare_folder(const json_t *from, const json_t *to, struct error *error)
{
	static const char *const same[] = {"messages", "uidvalidity"}, *const up[] = {"uidnext",
										      "modseq"};
	const char *name = json_text(from, "name");

	if (!to)
		return error_set(error, EILSEQ, "the folder %s is missing", name);
	if (strcmp(name, json_text(to, "name")) != 0)
		return error_set(error, EILSEQ, "the folder %s has the name %s", name,
				 json_text(to, "name"));
	for (size_t i = 0; i < ARRAY_SIZE(same); i++)
		if (json_number(from, same[i]) != json_number(to, same[i]))
			return error_set(
			    error, EILSEQ, "the folder %s has another %s: %lld, not %lld", name,
			    same[i], json_number(to, same[i]), json_number(from, same[i]));
	for (size_t i = 0; i < ARRAY_SIZE(up); i++)
		if (json_number(from, up[i]) > json_number(to, up[i]))
			return error_set(error, EILSEQ, "the folder %s has a smaller %s", name,
					 up[i]);
	return 0;
}

int compare_folders(const json_t *from, const json_t *to, struct error *error)
{
	const char *guid;
	json_t *one;
	int result = 0;

	json_object_foreach((json_t *)from, guid, one) if (result == 0) result =
	    compare_folder(one, json_object_get(to, guid), error);
	if (result == 0 && json_object_size(from) != json_object_size(to))
		result = error_set(error, EILSEQ, "it has other folders too");
	return result;
}

static int read_folders(const struct comparison *comparison, const struct mailbox_format *format,
			json_t **ret, struct error *error)
{
	static const char *const words[] = {"mailbox",
					    "status",
					    "--no-userdb-lookup",
					    "messages uidnext uidvalidity highestmodseq guid",
					    "*",
					    NULL};
	_cleanup_(buffer_free) struct buffer said = BUFFER_INIT;
	int result = mailbox_ask(comparison->owner, format, words, ASK_MS, &said, error);

	return result < 0 ? result
			  : compare_read_folders(buffer_text(&said), said.size, ret, error);
}

/* ---- Subscriptions ---- */

static int compare_lines(const void *one, const void *other)
{
	return strcmp(*(const char *const *)one, *(const char *const *)other);
}

/* Its lines in order, as one text. */
static int read_subscriptions(const struct comparison *comparison,
			      const struct mailbox_format *format, struct buffer *ret,
			      struct error *error)
{
	static const char *const words[] = {"mailbox", "list", "--no-userdb-lookup", "-s", NULL};
	_cleanup_(buffer_free) struct buffer said = BUFFER_INIT;
	_cleanup_free_ char **lines = NULL;
	size_t count = 0, room = 1;
	char *rest, *line;
	int result = mailbox_ask(comparison->owner, format, words, ASK_MS, &said, error);

	if (result < 0)
		return result;
	buffer_add_char(&said, '\0');
	for (size_t i = 0; i < said.size; i++)
		room += said.data[i] == '\n';
	lines = calloc(room, sizeof(*lines));
	if (!lines || said.failed)
		return error_set(error, ENOMEM, "out of memory");
	for (rest = said.data; count < room && (line = strsep(&rest, "\n"));)
		lines[count++] = line;
	qsort(lines, count, sizeof(*lines), compare_lines);
	for (size_t i = 0; i < count; i++)
		buffer_addf(ret, "%s\n", lines[i]);
	return ret->failed ? error_set(error, ENOMEM, "out of memory") : 0;
}

static int compare_subscriptions(const struct comparison *comparison, struct error *error)
{
	_cleanup_(buffer_free) struct buffer from = BUFFER_INIT, to = BUFFER_INIT;
	int result = read_subscriptions(comparison, comparison->from, &from, error);

	if (result == 0)
		result = read_subscriptions(comparison, comparison->to, &to, error);
	if (result == 0 && strcmp(buffer_text(&from), buffer_text(&to)) != 0)
		result = error_set(error, EILSEQ, "other folders are subscribed");
	return result;
}

/* ---- Messages ---- */

static int read_rows(const struct comparison *comparison, const struct mailbox_format *format,
		     bool with_text, const char *const *which, struct rows *ret,
		     struct error *error)
{
	const char *words[12] = {"fetch", "--no-userdb-lookup",
				 with_text ? ROWS_FIELDS " text" : ROWS_FIELDS};
	size_t count = 3;
	int result;

	while (*which)
		words[count++] = *which++;
	*ret = ROWS_INIT;
	ret->with_text = with_text;
	result = mailbox_ask_long(comparison->owner, format, words, rows_take, ret, error);
	return result < 0 ? result : rows_end(ret, error);
}

static const char *const all[] = {"all", NULL};

static int say_row(const json_t *folders, const struct row *row, const char *what,
		   struct error *error)
{
	const json_t *folder = json_object_get(folders, row->folder);
	const char *name = json_text(folder, "name");

	return error_set(error, EILSEQ, "the message with UID %u of %s %s", row->uid,
			 name[0] ? name : row->folder, what);
}

/* Keeps those that are on both sides; one that is not has come or gone meanwhile. */
static int keep_same(struct rows *from, const struct rows *to, const json_t *folders,
		     struct error *error)
{
	size_t kept = 0;

	for (size_t i = 0; i < from->count; i++) {
		const struct row *other = rows_find(to, from->list[i].folder, from->list[i].uid);

		if (!other)
			continue;
		if (strcmp(other->text, from->list[i].text) != 0)
			return say_row(folders, other, "has other bytes", error);
		from->list[kept++] = from->list[i];
	}
	from->count = kept;
	return 0;
}

int compare_bytes(struct comparison *comparison, struct error *error)
{
	_cleanup_(rows_free) struct rows to = ROWS_INIT;
	_cleanup_json_ json_t *folders = NULL;
	int result = read_folders(comparison, comparison->from, &folders, error);

	if (result == 0)
		result =
		    read_rows(comparison, comparison->from, true, all, &comparison->seen, error);
	if (result == 0)
		result = read_rows(comparison, comparison->to, true, all, &to, error);
	return result < 0 ? result : keep_same(&comparison->seen, &to, folders, error);
}

/* The bytes of all messages of a folder from a UID on. */
static int compare_some(const struct comparison *comparison, const json_t *folders,
			const char *folder, uint32_t uid, struct error *error)
{
	_cleanup_(rows_free) struct rows from = ROWS_INIT, to = ROWS_INIT;
	char range[32];
	const char *const which[] = {"mailbox-guid", folder, "uid", range, NULL};
	int result;

	snprintf(range, sizeof(range), "%u:*", uid);
	result = read_rows(comparison, comparison->from, true, which, &from, error);
	if (result == 0)
		result = read_rows(comparison, comparison->to, true, which, &to, error);
	return result < 0 ? result : keep_same(&from, &to, folders, error);
}

/* Of each folder from the first message on whose bytes were not read. */
static int compare_new(const struct comparison *comparison, const struct rows *rows,
		       const json_t *folders, struct error *error)
{
	const char *done = "";
	int result = 0;

	for (size_t i = 0; result == 0 && i < rows->count; i++) {
		const struct row *row = &rows->list[i];

		if (strcmp(row->folder, done) == 0 ||
		    rows_find(&comparison->seen, row->folder, row->uid))
			continue;
		result = compare_some(comparison, folders, row->folder, row->uid, error);
		done = row->folder;
	}
	return result;
}

int compare_all(struct comparison *comparison, json_t *said, struct error *error)
{
	_cleanup_json_ json_t *from_folders = NULL, *to_folders = NULL;
	_cleanup_(rows_free) struct rows from = ROWS_INIT, to = ROWS_INIT;
	const struct row *row;
	const char *what;
	int result = read_folders(comparison, comparison->from, &from_folders, error);

	if (result == 0)
		result = read_folders(comparison, comparison->to, &to_folders, error);
	if (result == 0)
		result = compare_folders(from_folders, to_folders, error);
	if (result == 0)
		result = compare_subscriptions(comparison, error);
	if (result == 0)
		result = read_rows(comparison, comparison->from, false, all, &from, error);
	if (result == 0)
		result = read_rows(comparison, comparison->to, false, all, &to, error);
	if (result < 0)
		return result;
	row = rows_differ(&from, &to, &what);
	if (row)
		return say_row(from_folders, row, what, error);
	json_object_set_new(said, "messages", json_integer((json_int_t)from.count));
	json_object_set_new(said, "bytes", json_integer((json_int_t)from.bytes));
	return compare_new(comparison, &from, from_folders, error);
}
