// SPDX-License-Identifier: GPL-3.0-or-later
#include "quarantine/act.h"

#include <errno.h>
#include <string.h>

#include "base/file.h"
#include "quarantine/harmless.h"
#include "quarantine/release.h"

enum {
	DAYS_MAX = 36500,
	DAY = 86400,
	PIECE = 64 << 10,
	SHOWN_HEADER_MAX = 256 << 10,
	SHOWN_LINE = 2000,
};

int quarantine_act_begin(struct quarantine_act *act, const char *lock_file, int timeout_ms,
			 struct error *error)
{
	int result = 0;

	if (lock_file)
		result = file_lock(lock_file, timeout_ms, &act->lock, error);
	if (result == 0)
		result = quarantine_open(&act->quarantine, QUARANTINE_STATE_FOLDER, error);
	return result < 0 ? result : quarantine_list(&act->quarantine, &act->items, error);
}

void quarantine_act_free(struct quarantine_act *act)
{
	quarantine_items_free(&act->items);
	quarantine_close(&act->quarantine);
	cleanup_close(&act->lock);
	*act = QUARANTINE_ACT_INIT;
}

static bool is_address(const char *text)
{
	const char *at = strrchr(text, '@');

	return at && at > text && at[1] && quarantine_address_is_valid(text);
}

static int check_wish(const struct quarantine_entry *entry, const struct quarantine_wish *wish,
		      struct error *error)
{
	bool copy = wish->to != NULL;

	if (entry->damage)
		return error_set(error, EINVAL,
				 "it cannot be released: %s; it is as it is in the "
				 "folder " QUARANTINE_STATE_FOLDER "/quarantine",
				 entry->damage);
	if (copy && !is_address(wish->to))
		return error_set(error, EINVAL, "--to: write one address, as alice@example.org");
	if (entry->item->place == QUARANTINE_RELEASED && !wish->again && !copy)
		return error_set(error, EEXIST,
				 "it was released before; with --again its recipients get it a "
				 "second time");
	return 0;
}

/* What a person should know of whom the filter has not cleared: "; ..." or nothing. */
static const char *warning_of(const struct quarantine_item *item)
{
	static const struct {
		const char *kind, *warning;
	} WARNINGS[] = {
	    {"virus", "; a virus was found in it"},
	    {"limits", "; it was not scanned whole: it unpacks beyond the limits"},
	    {"encrypted", "; what is encrypted in it was not scanned"},
	    {"broken", "; what is broken in it may not have been scanned"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(WARNINGS); i++)
		if (strcmp(quarantine_kind(item), WARNINGS[i].kind) == 0)
			return WARNINGS[i].warning;
	return "";
}

static int deliver(int fd, const struct quarantine_entry *entry, const struct quarantine_wish *wish,
		   char **ret_text, struct error *error)
{
	_cleanup_free_ char *queue_id = NULL, *details = NULL;
	struct quarantine_release release = {
	    .socket = wish->socket,
	    .sender = entry->header.sender,
	    .recipients = wish->to ? &wish->to : (const char *const *)entry->header.recipients,
	    .count = wish->to ? 1 : entry->header.recipient_count,
	    .offset = entry->header.offset,
	};
	int result = quarantine_release(fd, &release, &queue_id, error);

	if (result < 0)
		return result;
	if (asprintf(&details, "queue=%s recipients=%zu", queue_id, release.count) < 0)
		details = NULL;
	quarantine_log(wish->to ? "copy" : "release", entry->item, details ? details : "");
	if (asprintf(ret_text, "%s: released to %zu recipient%s, in Postfix's queue as %s%s",
		     entry->item->id, release.count, release.count == 1 ? "" : "s", queue_id,
		     warning_of(entry->item)) < 0)
		return error_set(error, ENOMEM, "delivered, then out of memory");
	return 0;
}

int quarantine_act_release(struct quarantine_act *act, const char *word,
			   const struct quarantine_wish *wish, char **ret_text, struct error *error)
{
	_cleanup_(quarantine_entry_free) struct quarantine_entry entry = QUARANTINE_ENTRY_INIT;
	const struct quarantine_item *item;
	_cleanup_close_ int fd = -1;
	int result = quarantine_find(&act->items, word, true, &item, error);

	if (result < 0)
		return result;
	quarantine_entry_load(&act->quarantine, item, &entry, &fd);
	result = check_wish(&entry, wish, error);
	if (result == 0)
		result = deliver(fd, &entry, wish, ret_text, error);
	if (result < 0)
		return error_wrap(error, "%s", entry.damage ? word : item->id);
	if (wish->to)
		return 0;
	result = quarantine_mark_released(&act->quarantine, item, error);
	if (result < 0)
		return error_wrap(error, "%s: delivered, but not marked as released", item->id);
	act->items.items[item - act->items.items].place = QUARANTINE_RELEASED;
	return 0;
}

static int remove_logged(struct quarantine_act *act, const struct quarantine_item *item,
			 struct error *error)
{
	int result = quarantine_remove(&act->quarantine, item, error);

	if (result == 0)
		quarantine_log("delete", item, "by=root");
	return result;
}

int quarantine_act_delete(struct quarantine_act *act, const char *word, char **ret_text,
			  struct error *error)
{
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;
	const struct quarantine_item *item;
	int result = quarantine_find(&act->items, word, false, &item, error);

	if (result < 0)
		return result;
	harmless_add(&text, item->id, strlen(item->id), 60);
	result = remove_logged(act, item, error);
	if (result < 0)
		return error_wrap(error, "%s", buffer_text(&text));
	buffer_add_text(&text, ": deleted");
	*ret_text = buffer_take(&text);
	return *ret_text ? 0 : error_set(error, ENOMEM, "deleted, then out of memory");
}

int quarantine_act_delete_older(struct quarantine_act *act, const char *days, int64_t now,
				size_t *ret_count, struct error *error)
{
	size_t digits = strspn(days, "0123456789");
	long number = digits && digits <= 6 && !days[digits] ? strtol(days, NULL, 10) : -1;

	if (number < 1 || number > DAYS_MAX)
		return error_set(error, EINVAL, "--all-older-than: write a number of days, as 90");
	for (size_t i = 0; i < act->items.count; i++) {
		const struct quarantine_item *item = act->items.items + i;
		int result;

		if (item->time >= now - number * DAY)
			break; /* they are sorted */
		if (!item->regular)
			continue;
		result = remove_logged(act, item, error);
		if (result < 0)
			return result;
		++*ret_count;
	}
	return 0;
}

/* Each line made harmless; ends after the header. */
static int show_header(int fd, size_t offset, struct error *error)
{
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;
	_cleanup_free_ char *bytes = malloc(PIECE);
	const char *line, *end;
	ssize_t got = 1;

	while (bytes && got > 0 && text.size < SHOWN_HEADER_MAX) {
		got = pread(fd, bytes, PIECE, (off_t)(offset + text.size));
		if (got < 0)
			return error_errno(error, errno, "cannot read it");
		buffer_add(&text, bytes, (size_t)got);
	}
	if (!bytes || text.failed)
		return error_set(error, ENOMEM, "out of memory");
	for (line = buffer_text(&text); (end = strchr(line, '\n')) && end > line; line = end + 1) {
		_cleanup_(buffer_free) struct buffer shown = BUFFER_INIT;
		size_t blanks = strspn(line, " \t");

		buffer_add_text(&shown, blanks ? "    " : "");
		harmless_add(&shown, line + blanks, (size_t)(end - line) - blanks, SHOWN_LINE);
		puts(buffer_text(&shown));
	}
	return 0;
}

static int show_raw(int fd, size_t offset, struct error *error)
{
	_cleanup_free_ char *bytes = malloc(PIECE);
	ssize_t got;

	if (!bytes)
		return error_set(error, ENOMEM, "out of memory");
	while ((got = pread(fd, bytes, PIECE, (off_t)offset)) > 0) {
		int result = file_write_all(STDOUT_FILENO, bytes, (size_t)got);

		if (result < 0)
			return error_errno(error, result, "cannot write it");
		offset += (size_t)got;
	}
	return got < 0 ? error_errno(error, errno, "cannot read it") : 0;
}

int quarantine_show_message(int fd, const struct quarantine_entry *entry, bool raw,
			    struct error *error)
{
	if (fd < 0)
		return error_set(error, EINVAL, "%s", entry->damage);
	if (raw && isatty(STDOUT_FILENO))
		return error_set(error, EINVAL,
				 "a stranger's bytes can do things to a terminal; write them to a "
				 "file: --raw > FILE");
	if (raw)
		return show_raw(fd, entry->header.offset, error);
	if (show_header(fd, entry->header.offset, error) < 0)
		return error->code;
	return fflush(stdout) == EOF ? error_errno(error, errno, "cannot write it") : 0;
}
