// SPDX-License-Identifier: GPL-3.0-or-later
#include "settings/manual.h"

#include <string.h>

#include "settings/explain.h"
#include "settings/manual_text.h"
#include "settings/rule.h"
#include "settings/settings.h"
#include "settings/table.h"
#include "settings/types.h"

#define WIDTH 87 /* columns of the page's own text */

static const char types_head[] = ".SH TYPES\n";

/* Text for roff: nothing in it is a request or an escape. */
static void add_roff(struct buffer *buffer, const char *text)
{
	for (const char *c = text; *c; c++) {
		if (*c == '\\')
			buffer_add_text(buffer, "\\e");
		else if (*c == '-')
			buffer_add_text(buffer, "\\-");
		else if ((*c == '.' || *c == '\'') && (c == text || c[-1] == '\n'))
			buffer_addf(buffer, "\\&%c", *c);
		else
			buffer_add_char(buffer, *c);
	}
}

static void add_key(struct buffer *buffer, const struct setting *setting)
{
	struct buffer type = BUFFER_INIT;

	explain_type(&type, setting);
	buffer_add_text(buffer, ".TP\n.B ");
	add_roff(buffer, setting->path);
	buffer_add_text(buffer, "\n.RI ( \"");
	add_roff(buffer, buffer_text(&type));
	buffer_add_text(buffer, "\" )\n.br\n");
	add_roff(buffer, setting->documentation);
	if (setting->example && setting->type != TYPE_CHOICE) {
		buffer_add_text(buffer, "\n.br\nExample: ");
		add_roff(buffer, setting->example);
	}
	buffer_add_char(buffer, '\n');
	buffer_free(&type);
}

static void add_keys(struct buffer *buffer)
{
	buffer_add_text(buffer, ".SH KEYS\nA dot stands for a mapping inside a mapping, [] for the "
				"items of a list.\n");
	for (size_t i = 0; i < settings_table_count; i++)
		if (!(settings_table[i].flags & SETTING_LATER))
			add_key(buffer, &settings_table[i]);
}

/* Each type that a key of this version has. */
static void add_types(struct buffer *buffer)
{
	bool done[TYPE_COUNT] = {false};

	buffer_add_text(buffer, types_head);
	for (size_t i = 0; i < settings_table_count; i++) {
		const struct type *type = type_of(settings_table[i].type);

		if (done[settings_table[i].type] || settings_table[i].flags & SETTING_LATER)
			continue;
		done[settings_table[i].type] = true;
		buffer_addf(buffer, ".TP\n.I %s\n", type->name);
		add_roff(buffer, type->description);
		buffer_add_char(buffer, '\n');
	}
}

static void add_limits(struct buffer *buffer)
{
	buffer_addf(buffer,
		    ".SH LIMITS\n"
		    "%u MiB of user\\-data, also after gunzip; %d mappings and lists inside each "
		    "other; %d values inside\n.B mail\nand %u MiB for one of them.\n",
		    SETTINGS_SIZE_LIMIT >> 20, SETTINGS_DEPTH_LIMIT, SETTINGS_NODES_LIMIT,
		    SETTINGS_SCALAR_LIMIT >> 20);
}

/* Words of a sentence, between two keys. */
static void add_words(struct buffer *buffer, const char *words, size_t size)
{
	_cleanup_(buffer_free) struct buffer lines = BUFFER_INIT;
	_cleanup_free_ char *text = strndup(words, size);

	if (text && text[0])
		explain_wrap(&lines, "", WIDTH, text);
	buffer->failed |= !text || lines.failed;
	add_roff(buffer, buffer_text(&lines));
}

/* The first key of a rule's sentence, without its backquotes, and what follows it; NULL:
 * no more of them. */
static char *take_key(const char **sentence)
{
	const char *key = strchr(*sentence, '`');
	size_t size = key ? strcspn(key + 1, "`") : 0;

	if (!key)
		return NULL;
	*sentence = key + 1 + size + (key[1 + size] == '`');
	return strndup(key + 1, size);
}

static void add_rule(struct buffer *buffer, const char *sentence)
{
	buffer_add_text(buffer, ".IP \\(bu 3\n");
	while (*sentence) {
		size_t words = strcspn(sentence, "`"), glued;
		_cleanup_free_ char *key = NULL;

		add_words(buffer, sentence, words);
		sentence += words;
		key = take_key(&sentence);
		if (!key)
			continue;
		glued = strcspn(sentence, " ");
		buffer_add_text(buffer, glued ? ".BR " : ".B ");
		add_roff(buffer, key);
		buffer_addf(buffer, "%s%.*s\n", glued ? " " : "", (int)glued, sentence);
		sentence += glued;
		sentence += strspn(sentence, " ");
	}
}

/* Whether all of its keys are there in this version. */
static bool is_available(const char *sentence)
{
	bool available = true;
	char *key;

	while ((key = take_key(&sentence))) {
		const struct setting *setting = table_find(key);

		available = available && setting && !(setting->flags & SETTING_LATER);
		free(key);
	}
	return available;
}

static void add_rules(struct buffer *buffer)
{
	buffer_add_text(buffer, ".SH WHAT KEYS MEAN TOGETHER\n");
	for (size_t i = 0; meaning_rules[i]; i++)
		for (const struct rule *rule = meaning_rules[i]; rule->sentence; rule++)
			if (is_available(rule->sentence))
				add_rule(buffer, rule->sentence);
}

static void add_later(struct buffer *buffer)
{
	buffer_add_text(buffer, ".SH KEYS OF LATER VERSIONS\n"
				"These are planned, and refused as not available in this version:\n"
				".PP\n.ad l\n.hy 0\n");
	for (size_t i = 0; i < settings_table_count; i++) {
		if (!(settings_table[i].flags & SETTING_LATER))
			continue;
		buffer_add_text(buffer, ".B ");
		add_roff(buffer, settings_table[i].path);
		buffer_add_char(buffer, '\n');
	}
	buffer_add_text(buffer, ".hy\n.ad\n");
}

void manual_write(struct buffer *buffer)
{
	buffer_add_text(buffer, manual_head);
	add_keys(buffer);
	add_types(buffer);
	add_limits(buffer);
	add_rules(buffer);
	buffer_add_text(buffer, manual_tail);
	add_later(buffer);
	buffer_add_text(buffer, manual_see_also);
}
