// SPDX-License-Identifier: GPL-3.0-or-later
#include "settings/type_language.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "settings/type_refuse.h"

enum { TAG_MAX = 35 /* RFC 5646 section 4.4.1 */, SUBTAG_MAX = 8 };

static int refuse(const char *text, size_t size, struct error *error)
{
	return type_refuse(error, text, size,
			   "is no language; write its tag, such as de, en or en-GB");
}

/* Region upper case, script with a capital, all else small. */
static void write_well(char *subtag, size_t size, bool first)
{
	bool letters = true;

	for (size_t i = 0; i < size; i++) {
		letters = letters && isalpha((unsigned char)subtag[i]);
		subtag[i] = (char)tolower((unsigned char)subtag[i]);
	}
	if (first || !letters || (size != 2 && size != 4))
		return;
	for (size_t i = 0; i < (size == 2 ? 2 : 1); i++)
		subtag[i] = (char)toupper((unsigned char)subtag[i]);
}

/* The language itself has two letters or three, or is what somebody registered (to eight). */
static bool is_subtag(const char *subtag, size_t size, bool first)
{
	if (size < (first ? 2 : 1) || size > SUBTAG_MAX)
		return false;
	for (size_t i = 0; i < size; i++)
		if (!(first ? isalpha((unsigned char)subtag[i])
			    : isalnum((unsigned char)subtag[i])))
			return false;
	return true;
}

int type_language(const struct setting *setting _unused_, const char *text, size_t size,
		  char **ret_value, struct error *error)
{
	char tag[TAG_MAX + 1];
	size_t at = 0, end;

	if (size > TAG_MAX || memchr(text, '\0', size))
		return refuse(text, size, error);
	memcpy(tag, text, size);
	tag[size] = '\0';
	for (; size > 0 && at <= size; at = end + 1) {
		end = at + strcspn(tag + at, "-");
		if (!is_subtag(tag + at, end - at, at == 0))
			return refuse(text, size, error);
		write_well(tag + at, end - at, at == 0);
	}
	*ret_value = strdup(tag);
	return *ret_value ? 0 : error_set(error, -ENOMEM, "out of memory");
}
