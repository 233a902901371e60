// SPDX-License-Identifier: GPL-3.0-or-later
#include "quarantine/entry.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "quarantine/harmless.h"

enum {
	LINE = 80,
	INDENT = 14,
	ADDRESS = 320, /* columns of an address shown whole */
	TEXT = 1000,   /* and of a subject or reason */
};

static const char *const state_names[QUARANTINE_PLACES] = {
    [QUARANTINE_HELD] = "held",
    [QUARANTINE_RELEASED] = "released",
};

void quarantine_entry_load(const struct quarantine *quarantine, const struct quarantine_item *item,
			   struct quarantine_entry *entry, int *ret_fd)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_close_ int fd = -1;
	int result = quarantine_open_item(quarantine, item, &fd, &error);

	*entry = (struct quarantine_entry){.item = item};
	if (result == 0)
		result = quarantine_read_header(fd, &entry->header, &error);
	if (result == 0 && !item->named)
		result = error_set(&error, EINVAL, "its name is not KIND-ID");
	if (result == 0 && strcmp(entry->header.id, item->id) != 0)
		result = error_set(&error, EINVAL, "its name and its X-Quarantine-ID differ");
	if (result < 0) {
		quarantine_header_free(&entry->header);
		entry->damage = strdup(error_text(&error));
	}
	if (ret_fd)
		*ret_fd = TAKE_FD(fd);
}

void quarantine_entry_free(struct quarantine_entry *entry)
{
	quarantine_header_free(&entry->header);
	free(entry->damage);
	*entry = QUARANTINE_ENTRY_INIT;
}

int64_t quarantine_entry_size(const struct quarantine_entry *entry)
{
	return entry->item->size - (int64_t)entry->header.offset;
}

static char *harmless(const char *text, size_t limit)
{
	struct buffer shown = BUFFER_INIT;

	harmless_add(&shown, text ? text : "", text ? strlen(text) : 0, limit);
	return shown.size || shown.failed ? buffer_take(&shown) : strdup("");
}

static json_t *shown_string(const char *text, size_t limit)
{
	_cleanup_free_ char *shown = harmless(text, limit);

	return shown ? json_string(shown) : NULL;
}

/* In the machine's time zone for people, in UTC for programs. */
static void format_time(int64_t time, bool utc, char text[QUARANTINE_TIME_TEXT])
{
	time_t seconds = (time_t)time;
	struct tm parts;
	size_t size = 0;

	if (utc && gmtime_r(&seconds, &parts))
		size = strftime(text, QUARANTINE_TIME_TEXT, "%Y-%m-%dT%H:%M:%SZ", &parts);
	else if (localtime_r(&seconds, &parts))
		size = strftime(text, QUARANTINE_TIME_TEXT, "%Y-%m-%d %H:%M", &parts);
	if (!size)
		snprintf(text, QUARANTINE_TIME_TEXT, "@%lld", (long long)time);
}

void quarantine_format_time(int64_t time, char text[QUARANTINE_TIME_TEXT])
{
	format_time(time, false, text);
}

void quarantine_format_utc(int64_t time, char text[QUARANTINE_TIME_TEXT])
{
	format_time(time, true, text);
}

json_t *quarantine_entry_json(const struct quarantine_entry *entry)
{
	const struct quarantine_header *header = &entry->header;
	char date[QUARANTINE_TIME_TEXT];
	json_t *json, *recipients;

	format_time(entry->item->time, true, date);
	json = json_pack("{s:o,s:o,s:s,s:s,s:s,s:I}", "id", shown_string(entry->item->id, TEXT),
			 "file", shown_string(entry->item->name, TEXT), "kind",
			 quarantine_kind(entry->item), "state", state_names[entry->item->place],
			 "date", date, "size", (json_int_t)quarantine_entry_size(entry));
	if (!json || entry->damage) {
		if (json)
			json_object_set_new(json, "damage", shown_string(entry->damage, TEXT));
		return json;
	}
	recipients = json_array();
	for (size_t i = 0; i < header->recipient_count; i++)
		json_array_append_new(recipients, shown_string(header->recipients[i], ADDRESS));
	json_object_set_new(json, "sender", shown_string(header->sender, ADDRESS));
	json_object_set_new(json, "recipients", recipients);
	json_object_set_new(json, "reason", shown_string(header->reason, TEXT));
	json_object_set_new(json, "subject", shown_string(header->subject, TEXT));
	return json;
}

void quarantine_format_size(int64_t bytes, char text[QUARANTINE_SIZE_TEXT])
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
	double value = (double)bytes;
	size_t unit = 0;

	while (value >= 1000 && unit + 1 < ARRAY_SIZE(units)) {
		value /= 1024;
		unit++;
	}
	snprintf(text, QUARANTINE_SIZE_TEXT, unit && value < 10 ? "%.1f %s" : "%.0f %s", value,
		 units[unit]);
}

static void print_line(FILE *stream, size_t indent, const struct buffer *line)
{
	fprintf(stream, "%*s%s\n", (int)indent, "", buffer_text(line));
}

/* "sender -> recipient (and 2 more)": the addresses share the line. */
static void print_envelope(const struct quarantine_header *header, FILE *stream)
{
	_cleanup_(buffer_free) struct buffer line = BUFFER_INIT;
	const char *sender = header->sender[0] ? header->sender : "<>";
	const char *first = header->recipients[0];
	char more[48] = "";
	size_t room;

	if (header->recipient_count > 1)
		snprintf(more, sizeof(more), " (and %zu more)", header->recipient_count - 1);
	room = LINE - INDENT - strlen(" -> ") - strlen(more);
	harmless_add(&line, sender, strlen(sender),
		     harmless_width(first, strlen(first)) < room / 2
			 ? room - harmless_width(first, strlen(first))
			 : room / 2);
	buffer_add_text(&line, " -> ");
	harmless_add(&line, first, strlen(first),
		     LINE - INDENT - strlen(more) - harmless_width(buffer_text(&line), line.size));
	buffer_add_text(&line, more);
	print_line(stream, INDENT, &line);
}

void quarantine_entry_print(const struct quarantine_entry *entry, FILE *stream)
{
	_cleanup_(buffer_free) struct buffer line = BUFFER_INIT, subject = BUFFER_INIT;
	const char *reason = entry->damage ? entry->damage : entry->header.reason;
	char date[QUARANTINE_TIME_TEXT], size[QUARANTINE_SIZE_TEXT];
	size_t used;

	format_time(entry->item->time, false, date);
	quarantine_format_size(quarantine_entry_size(entry), size);
	harmless_add(&line, entry->item->id, strlen(entry->item->id), 40);
	buffer_addf(&line, "%*s%s  %-6s %8s  ",
		    line.size + 2 < INDENT ? (int)(INDENT - line.size) : 2, "", date,
		    entry->damage ? "damaged" : quarantine_kind(entry->item), size);
	if (entry->item->place == QUARANTINE_RELEASED)
		buffer_add_text(&line, "(released) ");
	used = harmless_width(buffer_text(&line), line.size);
	if (used + 8 > LINE) { /* a name of another's making */
		print_line(stream, 0, &line);
		buffer_reset(&line);
		buffer_addf(&line, "%*s", INDENT, "");
		used = INDENT;
	}
	harmless_add(&line, reason, strlen(reason), LINE - used);
	print_line(stream, 0, &line);
	if (entry->damage)
		return;
	print_envelope(&entry->header, stream);
	harmless_add(&subject, entry->header.subject, strlen(entry->header.subject), LINE - INDENT);
	if (subject.size)
		print_line(stream, INDENT, &subject);
}

static void print_field(FILE *stream, const char *name, const char *text, size_t limit)
{
	_cleanup_free_ char *shown = harmless(text, limit);

	fprintf(stream, "%-*s%s\n", INDENT, name, shown ? shown : "");
}

void quarantine_entry_print_whole(const struct quarantine_entry *entry, FILE *stream)
{
	const struct quarantine_header *header = &entry->header;
	char date[QUARANTINE_TIME_TEXT], size[QUARANTINE_SIZE_TEXT];

	format_time(entry->item->time, false, date);
	quarantine_format_size(quarantine_entry_size(entry), size);
	print_field(stream, "id", entry->item->id, TEXT);
	print_field(stream, "file", entry->item->name, TEXT);
	print_field(stream, "kind", quarantine_kind(entry->item), TEXT);
	print_field(stream, "state", state_names[entry->item->place], TEXT);
	print_field(stream, "date", date, TEXT);
	print_field(stream, "size", size, TEXT);
	if (entry->damage) {
		print_field(stream, "damaged", entry->damage, TEXT);
		return;
	}
	print_field(stream, "reason", header->reason, TEXT);
	print_field(stream, "sender", header->sender[0] ? header->sender : "<>", ADDRESS);
	for (size_t i = 0; i < header->recipient_count; i++)
		print_field(stream, i ? "" : "recipients", header->recipients[i], ADDRESS);
	print_field(stream, "subject", header->subject, TEXT);
}
