// SPDX-License-Identifier: GPL-3.0-or-later
#include "ledger/line.h"

#include <ctype.h>

#include "ledger/line_private.h"
#include "queue/queue_id.h"

struct slice line_quarantine_id(struct slice name)
{
	struct slice rest = name, before;

	while (slice_until(&rest, SLICE("/"), &before))
		name = rest;
	rest = name;
	return slice_until(&rest, SLICE("-"), &before) && rest.size ? rest : name;
}

bool line_take_id(struct slice *text, struct slice *ret_id)
{
	struct slice rest = *text, id = line_take_word(&rest, "");

	if (!queue_is_id(id) || !slice_skip(&rest, SLICE(": ")))
		return false;
	*ret_id = id;
	*text = rest;
	return true;
}

bool line_take_address(struct slice *text, struct slice *ret_address)
{
	bool quoted = false;

	if (text->size == 0 || text->at[0] != '<')
		return false;
	for (size_t i = 1; i < text->size; i++) {
		char c = text->at[i];

		if (quoted && c == '\\') {
			i++;
		} else if (c == '"') {
			quoted = !quoted;
		} else if (c == '>' && !quoted) {
			*ret_address = (struct slice){text->at + 1, i - 1};
			text->at += i + 1;
			text->size -= i + 1;
			return true;
		}
	}
	return false;
}

struct slice line_take_word(struct slice *text, const char *others)
{
	struct slice word = {text->at, 0};

	while (word.size < text->size && text->at[word.size] != '\0' &&
	       (isalnum((unsigned char)text->at[word.size]) || strchr(others, text->at[word.size])))
		word.size++;
	text->at += word.size;
	text->size -= word.size;
	return word;
}

struct slice line_answer_filter_id(struct slice text)
{
	struct slice before, none = {0};

	/* the first one: what follows may be the name of a virus or an attachment */
	if (!slice_until(&text, SLICE(", id="), &before))
		return none;
	before = line_take_word(&text, "-");
	return before.size < LINE_NAME_LIMIT ? before : none;
}
