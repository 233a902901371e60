// SPDX-License-Identifier: GPL-3.0-or-later
#include "outward/netstring.h"

#include <ctype.h>
#include <string.h>

enum { LABEL_MAX = 63, NAME_MAX_LETTERS = 253 };

enum netstring_kind netstring_take(struct slice *input, struct slice *ret_payload)
{
	size_t digits = 0, size = 0;

	while (digits < input->size && isdigit((unsigned char)input->at[digits])) {
		size = size * 10 + (size_t)(input->at[digits++] - '0');
		if (size > NETSTRING_LIMIT)
			return NETSTRING_BROKEN;
	}
	if (digits == input->size)
		return NETSTRING_PART;
	if (digits == 0 || input->at[digits] != ':')
		return NETSTRING_BROKEN;
	if (input->size < digits + 1 + size + 1)
		return NETSTRING_PART;
	if (input->at[digits + 1 + size] != ',')
		return NETSTRING_BROKEN;
	*ret_payload = (struct slice){input->at + digits + 1, size};
	input->at += digits + size + 2;
	input->size -= digits + size + 2;
	return NETSTRING_WHOLE;
}

void netstring_add(struct buffer *buffer, struct slice payload)
{
	buffer_addf(buffer, "%zu:", payload.size);
	buffer_add(buffer, payload.at, payload.size);
	buffer_add_char(buffer, ',');
}

static bool is_label_letter(char c)
{
	return isascii((unsigned char)c) && (isalnum((unsigned char)c) || c == '-' || c == '_');
}

bool outward_is_name(const char *name)
{
	size_t size = strlen(name), label = 0, labels = 0;
	bool number = true;

	if (size > NAME_MAX_LETTERS)
		return false;
	for (size_t i = 0; i <= size; i++) {
		if (i < size && is_label_letter(name[i])) {
			if (label++ == 0)
				number = true;
			number = number && isdigit((unsigned char)name[i]);
		} else if ((i == size || name[i] == '.') && label > 0 && label <= LABEL_MAX) {
			label = 0;
			labels++;
		} else {
			return false;
		}
	}
	return labels >= 2 && !number;
}

bool socketmap_domain(struct slice question, char ret[OUTWARD_NAME])
{
	struct slice map;

	if (!slice_until(&question, SLICE(" "), &map) || question.size >= OUTWARD_NAME ||
	    memchr(question.at, '\0', question.size))
		return false;
	for (size_t i = 0; i < question.size; i++)
		ret[i] = (char)tolower((unsigned char)question.at[i]);
	ret[question.size] = '\0';
	return outward_is_name(ret);
}
