// SPDX-License-Identifier: GPL-3.0-or-later
#include "lists/attributes.h"

#include <string.h>

enum { ATTRIBUTES = 8 }; /* of which three are known; a later Postfix may have more */

/* The next text, NULL when its NUL is not there yet. */
static const char *take(const char **at, const char *end)
{
	const char *text = *at, *nul = memchr(text, '\0', (size_t)(end - text));

	if (nul)
		*at = nul + 1;
	return nul ? text : NULL;
}

static bool is_number(const char *text)
{
	size_t size = strlen(text);

	return size > 0 && size <= 10 && strspn(text, "0123456789") == size;
}

static void keep(struct attributes *attributes, const char *name, const char *value)
{
	if (strcmp(name, "rbl_domain") == 0)
		attributes->zone = value;
	else if (strcmp(name, "client_address") == 0)
		attributes->client = value;
	else if (strcmp(name, "label") == 0)
		attributes->label = value;
}

enum attributes_result attributes_parse(const char *bytes, size_t size, struct attributes *ret)
{
	const char *at = bytes, *end = bytes + size;
	struct attributes attributes = {0};

	if (size > ATTRIBUTES_LIMIT)
		return ATTRIBUTES_WRONG;
	for (unsigned i = 0; i <= ATTRIBUTES; i++) {
		const char *name = take(&at, end), *value;

		if (name && !name[0]) {
			if (at != end || !attributes.zone || !attributes.client ||
			    !attributes.label || !is_number(attributes.label))
				return ATTRIBUTES_WRONG;
			*ret = attributes;
			return ATTRIBUTES_WHOLE;
		}
		value = name ? take(&at, end) : NULL;
		if (!value)
			return size < ATTRIBUTES_LIMIT ? ATTRIBUTES_MORE : ATTRIBUTES_WRONG;
		keep(&attributes, name, value);
	}
	return ATTRIBUTES_WRONG;
}

static void add(struct buffer *bytes, const char *name, const char *value)
{
	buffer_add(bytes, name, strlen(name) + 1);
	buffer_add(bytes, value, strlen(value) + 1);
}

void attributes_answer(const struct attributes *attributes, const char *codes, unsigned ttl,
		       struct buffer *bytes)
{
	char number[16];

	snprintf(number, sizeof(number), "%u", ttl);
	add(bytes, "rbl_domain", attributes->zone);
	add(bytes, "client_address", attributes->client);
	add(bytes, "label", attributes->label);
	add(bytes, "rbl_addr", codes);
	add(bytes, "ttl", number);
	buffer_add_char(bytes, '\0');
}
