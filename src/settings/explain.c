// SPDX-License-Identifier: GPL-3.0-or-later
#include "settings/explain.h"

#include <errno.h>
#include <string.h>

#include "settings/types.h"

#define WIDTH 78

void explain_wrap(struct buffer *buffer, const char *indent, unsigned width, const char *text)
{
	size_t column = 0;

	while (*text) {
		size_t word = strcspn(text, " ");

		if (column && column + 1 + word > width) {
			buffer_add_char(buffer, '\n');
			column = 0;
		}
		if (column) {
			buffer_add_char(buffer, ' ');
			column++;
		} else {
			buffer_add_text(buffer, indent);
			column = strlen(indent);
		}
		buffer_add(buffer, text, word);
		column += word;
		text += word;
		text += strspn(text, " ");
	}
	buffer_add_char(buffer, '\n');
}

static void explain_choices(struct buffer *buffer, const struct setting *setting)
{
	size_t position = 0, size;
	const char *word, *between = "";
	bool later;

	while (setting_next_choice(setting, &position, &word, &size, &later)) {
		buffer_addf(buffer, "%s%.*s%s", between, (int)size, word,
			    later ? " (not in this version)" : "");
		between = ", ";
	}
}

static void explain_value(struct buffer *buffer, const struct setting *setting)
{
	long long minimum = setting->minimum, maximum = setting->maximum;

	switch (setting->type) {
	case TYPE_INTEGER:
	case TYPE_DECIMAL:
		buffer_addf(buffer, "%s from %lld to %lld", type_of(setting->type)->article,
			    minimum, maximum);
		break;
	case TYPE_CHOICE:
		explain_choices(buffer, setting);
		break;
	case TYPE_TEXT:
		buffer_addf(buffer, "one line of text, %lld to %lld characters", minimum, maximum);
		break;
	case TYPE_LINES:
		buffer_addf(buffer, "lines of text, at most %lld bytes", maximum);
		break;
	default:
		buffer_add_text(buffer, type_of(setting->type)->article);
		break;
	}
}

void explain_type(struct buffer *buffer, const struct setting *setting)
{
	if (setting->type == TYPE_GROUP)
		buffer_add_text(buffer, "a mapping");
	else if (setting->type == TYPE_RECORDS)
		buffer_addf(buffer, "a list of mappings, at most %zu", setting->items);
	else if (setting->flags & SETTING_LIST)
		buffer_addf(buffer, "a list, at most %zu, each %s", setting->items,
			    type_of(setting->type)->article);
	else
		explain_value(buffer, setting);
	if (setting->flags & SETTING_REQUIRED)
		buffer_add_text(buffer, "; required");
	else if (setting->fallback && setting->fallback[0])
		buffer_addf(buffer, "; default %s", setting->fallback);
	if (setting->flags & SETTING_SECRET)
		buffer_add_text(buffer, "; secret");
}

void explain_all(struct buffer *buffer)
{
	for (size_t i = 0; i < settings_table_count; i++) {
		const struct setting *setting = &settings_table[i];
		const char *end = strstr(setting->documentation, ". ");
		size_t size = end ? (size_t)(end - setting->documentation) + 1
				  : strlen(setting->documentation);

		if (!(setting->flags & SETTING_LATER))
			buffer_addf(buffer, "%-28s %.*s\n", setting->path, (int)size,
				    setting->documentation);
	}
}

/* How the key is written, inside its parents. */
static void explain_example(struct buffer *buffer, const struct setting *setting)
{
	const char *part = setting->path;
	unsigned depth = 2;

	buffer_add_text(buffer, "\n    mail:\n");
	for (const char *dot; (dot = strchr(part, '.')); part = dot + 1) {
		bool records = dot[-1] == ']';

		buffer_addf(buffer, "    %*s%.*s:\n", (int)depth, "",
			    (int)(dot - part) - (records ? 2 : 0), part);
		depth += 2;
		if (records) {
			buffer_addf(buffer, "    %*s- ", (int)depth, "");
			part = dot + 1;
			buffer_addf(buffer, "%s: %s\n", part, setting->example);
			return;
		}
	}
	buffer_addf(buffer, "    %*s%s: %s\n", (int)depth, "", part, setting->example);
}

static void explain_setting(struct buffer *buffer, const struct setting *setting)
{
	const struct setting *child = NULL;

	buffer_addf(buffer, "mail.%s: ", setting->path);
	explain_type(buffer, setting);
	buffer_add_char(buffer, '\n');
	if (setting->flags & SETTING_LATER)
		buffer_add_text(buffer, "  Not available in this version.\n");
	buffer_add_char(buffer, '\n');
	explain_wrap(buffer, "  ", WIDTH, setting->documentation);
	if (setting->type != TYPE_GROUP && setting->type != TYPE_RECORDS) {
		buffer_add_char(buffer, '\n');
		explain_wrap(buffer, "  ", WIDTH, type_of(setting->type)->description);
		if (setting->example)
			explain_example(buffer, setting);
		return;
	}
	buffer_add_text(buffer, "\n  Its keys:\n");
	while ((child = table_next_child(setting, child))) {
		buffer_addf(buffer, "    %-20s ", setting_name(child));
		explain_type(buffer, child);
		buffer_add_text(buffer,
				child->flags & SETTING_LATER ? " (not in this version)\n" : "\n");
	}
}

/* Whether the paths are the same but for []. */
static bool is_same_path(const char *path, const char *key)
{
	while (*path && *key) {
		if (!strncmp(path, "[]", 2) && strncmp(key, "[]", 2) != 0)
			path += 2;
		if (*path != *key)
			return false;
		path++;
		key++;
	}
	return *path == *key;
}

int explain_key(struct buffer *buffer, const char *key, struct error *error)
{
	const struct setting *nearest = NULL;
	unsigned best = 4;

	if (!strncmp(key, "mail.", 5))
		key += 5;
	if (!strcmp(key, "mail")) {
		explain_all(buffer);
		return 0;
	}
	for (size_t i = 0; i < settings_table_count; i++) {
		const struct setting *setting = &settings_table[i];
		unsigned whole = table_distance(setting->path, key, best);
		unsigned last = table_distance(setting_name(setting), key, best);
		unsigned distance = whole < last ? whole : last;

		if (is_same_path(setting->path, key)) {
			explain_setting(buffer, setting);
			return 0;
		}
		if (distance < best) {
			nearest = setting;
			best = distance;
		}
	}
	return error_set(error, -ENOENT, "there is no key \"%s\"; %s%s", key,
			 nearest ? "perhaps " : "`postcask explain` lists them all",
			 nearest ? nearest->path : "");
}
