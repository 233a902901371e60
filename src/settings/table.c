// SPDX-License-Identifier: GPL-3.0-or-later
#include "settings/table.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define WORD_LIMIT 63 /* longest word compared for nearness */

const struct setting *table_find(const char *path)
{
	for (size_t i = 0; i < settings_table_count; i++)
		if (!strcmp(settings_table[i].path, path))
			return &settings_table[i];
	return NULL;
}

/* Length of the prefix that the children's paths have: "users[]." */
static size_t child_prefix(const struct setting *parent, char *prefix, size_t size)
{
	size_t length = strlen(parent->path);
	const char *end = parent->type == TYPE_RECORDS ? "[]." : ".";

	if (length + strlen(end) >= size)
		return 0;
	memcpy(prefix, parent->path, length);
	memcpy(prefix + length, end, strlen(end) + 1);
	return length + strlen(end);
}

const struct setting *table_next_child(const struct setting *parent, const struct setting *previous)
{
	char prefix[128] = "";
	size_t length = parent ? child_prefix(parent, prefix, sizeof(prefix)) : 0;
	const struct setting *row = previous ? previous + 1 : parent ? parent + 1 : settings_table;

	for (; row < settings_table + settings_table_count; row++) {
		if (strncmp(row->path, prefix, length) != 0)
			return NULL; /* rows of one group stand together */
		if (!strchr(row->path + length, '.'))
			return row;
	}
	return NULL;
}

const struct setting *table_child(const struct setting *parent, const char *name)
{
	const struct setting *child = NULL;

	while ((child = table_next_child(parent, child)))
		if (!strcmp(setting_name(child), name))
			return child;
	return NULL;
}

const char *setting_name(const struct setting *setting)
{
	const char *dot = strrchr(setting->path, '.');

	return dot ? dot + 1 : setting->path;
}

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Optimal string alignment over three rolling rows. */
unsigned table_distance(const char *a, const char *b, unsigned limit)
{
	size_t m = strlen(a), n = strlen(b);
	unsigned rows[3][WORD_LIMIT + 1];

	if (m > WORD_LIMIT || n > WORD_LIMIT || (m > n ? m - n : n - m) > limit)
		return limit + 1;
	for (size_t j = 0; j <= n; j++)
		rows[0][j] = (unsigned)j;
	for (size_t i = 1; i <= m; i++) {
		unsigned *row = rows[i % 3], *above = rows[(i + 2) % 3], *over = rows[(i + 1) % 3];

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= n; j++) {
			int x = tolower((unsigned char)a[i - 1]),
			    y = tolower((unsigned char)b[j - 1]);

			row[j] = least(least(above[j], row[j - 1]) + 1, above[j - 1] + (x != y));
			if (i > 1 && j > 1 && x == tolower((unsigned char)b[j - 2]) &&
			    y == tolower((unsigned char)a[i - 2]))
				row[j] = least(row[j], over[j - 2] + 1);
		}
	}
	return least(rows[m % 3][n], limit + 1);
}

static unsigned near_enough(const char *name)
{
	size_t length = strlen(name);

	return length <= 3 ? 1 : length <= 7 ? 2 : 3;
}

/* "quota" is near "quota_mib". */
static bool begins_with(const char *text, const char *start)
{
	size_t length = strlen(start);

	return length >= 3 && strlen(text) > length && !strncasecmp(text, start, length);
}

const struct setting *table_nearest(const struct setting *parent, const char *name)
{
	const struct setting *child = NULL, *nearest = NULL;
	unsigned best = near_enough(name);

	while ((child = table_next_child(parent, child))) {
		unsigned distance = table_distance(name, setting_name(child), best);

		if (begins_with(setting_name(child), name))
			return child;
		if (distance > best || (nearest && distance == best))
			continue;
		nearest = child;
		best = distance;
	}
	return nearest;
}

const struct setting *table_elsewhere(const char *name)
{
	for (size_t i = 0; i < settings_table_count; i++)
		if (!strcmp(setting_name(&settings_table[i]), name) &&
		    !(settings_table[i].flags & SETTING_LATER))
			return &settings_table[i];
	return NULL;
}

bool setting_next_choice(const struct setting *setting, size_t *position, const char **ret_word,
			 size_t *ret_size, bool *ret_later)
{
	const char *word = setting->choices + *position;
	size_t size = strcspn(word, " ");

	if (!size)
		return false;
	*position += size + (word[size] == ' ');
	*ret_later = word[size - 1] == '*';
	*ret_size = size - *ret_later;
	*ret_word = word;
	return true;
}
