// SPDX-License-Identifier: GPL-3.0-or-later
#include "text/rtf.h"

#include <ctype.h>
#include <iconv.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "text/limits.h"
#include "text/words.h"

enum { NAME = 32, BYTES = 4 };

struct group {
	bool hidden;   /* its text is none of the document's */
	unsigned skip; /* bytes that follow a \u for those who know no Unicode */
};

struct rtf {
	struct slice rest;
	struct buffer *words;
	struct group groups[TEXT_DEPTH];
	size_t depth;	 /* the innermost group */
	size_t too_deep; /* groups that have no place */
	unsigned skip;	 /* bytes that are left to pass over */
	uint32_t high;	 /* the first half of a character beyond U+FFFF; 0: none */
	iconv_t page;	 /* of the code page, (iconv_t)-1 when there is none */
	char bytes[BYTES];
	size_t byte_count; /* of a character of the code page that is not whole */
};

struct control {
	char name[NAME];
	long number;
	bool numbered;
};

/* Groups whose text nobody reads.  Those that begin with \* may be left out by who does not know
 * them, and are. */
static const char *const hidden[] = {"fonttbl",	  "colortbl",	 "stylesheet", "info",
				     "pict",	  "object",	 "listtable",  "listoverridetable",
				     "rsidtbl",	  "generator",	 "xmlnstbl",   "themedata",
				     "datastore", "latentstyles"};

static const char *const separators[] = {"par", "line", "tab",	"cell",
					 "row", "sect", "page", "column"};

static bool is_one_of(const char *name, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(list[i], name) == 0)
			return true;
	return false;
}

static void put(struct rtf *rtf, uint32_t character)
{
	if (rtf->too_deep || rtf->groups[rtf->depth].hidden)
		return;
	words_add_character(rtf->words, character);
}

/* A byte in the document's code page, some of which take two for a character. */
static void put_byte(struct rtf *rtf, unsigned char byte)
{
	char utf8[8], *in = rtf->bytes, *out = utf8;
	size_t in_left, out_left = sizeof(utf8);
	uint32_t character;

	if (rtf->skip) {
		rtf->skip--;
		return;
	}
	if (byte < 0x80 && rtf->byte_count == 0) {
		put(rtf, byte);
		return;
	}
	rtf->bytes[rtf->byte_count++] = (char)byte;
	in_left = rtf->byte_count;
	if (rtf->page != (iconv_t)-1 &&
	    iconv(rtf->page, &in, &in_left, &out, &out_left) != (size_t)-1) {
		if (utf8_decode(utf8, (size_t)(out - utf8), &character))
			put(rtf, character);
		rtf->byte_count = 0;
	} else if (rtf->page == (iconv_t)-1 || rtf->byte_count == 2) {
		put(rtf, ' ');
		rtf->byte_count = 0;
	}
}

static void set_page(struct rtf *rtf, long number)
{
	char name[NAME];

	if (number < 0 || number > 65535)
		return;
	if (rtf->page != (iconv_t)-1)
		iconv_close(rtf->page);
	snprintf(name, sizeof(name), "CP%ld", number);
	rtf->page = iconv_open("UTF-8", name);
}

/* \u: a unit of UTF-16, written as a number with a sign. */
static void put_unicode(struct rtf *rtf, long number)
{
	uint32_t unit = (uint32_t)number & 0xffff;

	rtf->skip = rtf->groups[rtf->depth].skip;
	if (unit >= 0xd800 && unit < 0xdc00) {
		rtf->high = unit;
		return;
	}
	if (unit >= 0xdc00 && unit < 0xe000 && rtf->high)
		unit = 0x10000 + ((rtf->high & 0x3ff) << 10) + (unit & 0x3ff);
	rtf->high = 0;
	put(rtf, unit);
}

static void begin_group(struct rtf *rtf)
{
	rtf->skip = 0;
	if (rtf->depth + 1 == TEXT_DEPTH) {
		rtf->too_deep++;
		return;
	}
	rtf->groups[rtf->depth + 1] = rtf->groups[rtf->depth];
	rtf->depth++;
}

static void end_group(struct rtf *rtf)
{
	rtf->skip = 0;
	if (rtf->too_deep)
		rtf->too_deep--;
	else if (rtf->depth)
		rtf->depth--;
}

/* \name, \name123 or \name-5, and the blank that ends it. */
static void take_name(struct rtf *rtf, struct control *control)
{
	struct slice *rest = &rtf->rest;
	size_t size = 0, digits = 0;

	for (; rest->size && isalpha((unsigned char)*rest->at); rest->at++, rest->size--)
		if (size < NAME - 1)
			control->name[size++] = *rest->at;
	bool minus = slice_skip(rest, SLICE("-"));
	for (; rest->size && isdigit((unsigned char)*rest->at) && digits < 10; digits++) {
		control->number = control->number * 10 + (*rest->at - '0');
		rest->at++;
		rest->size--;
	}
	control->numbered = digits > 0;
	if (minus)
		control->number = -control->number;
	(void)slice_skip(rest, SLICE(" "));
}

/* \bin is followed by so many bytes of anything. */
static void pass_over(struct rtf *rtf, long count)
{
	size_t size = count < 0 ? 0 : (size_t)count;

	if (size > rtf->rest.size)
		size = rtf->rest.size;
	rtf->rest.at += size;
	rtf->rest.size -= size;
}

static void take_word(struct rtf *rtf)
{
	struct control control = {0};
	struct group *group = &rtf->groups[rtf->depth];

	take_name(rtf, &control);
	if (strcmp(control.name, "u") == 0 && control.numbered)
		put_unicode(rtf, control.number);
	else if (strcmp(control.name, "uc") == 0)
		group->skip =
		    control.number >= 0 && control.number < 16 ? (unsigned)control.number : 1;
	else if (strcmp(control.name, "ansicpg") == 0)
		set_page(rtf, control.number);
	else if (strcmp(control.name, "bin") == 0)
		pass_over(rtf, control.number);
	else if (is_one_of(control.name, hidden, ARRAY_SIZE(hidden)))
		group->hidden = group->hidden || !rtf->too_deep;
	else if (is_one_of(control.name, separators, ARRAY_SIZE(separators)))
		put(rtf, ' ');
}

static int hex(char c)
{
	const char *digits = "0123456789abcdef",
		   *found = c ? strchr(digits, tolower((unsigned char)c)) : NULL;

	return found ? (int)(found - digits) : -1;
}

/* What follows a backslash and is no letter. */
static void take_symbol(struct rtf *rtf)
{
	char symbol = *rtf->rest.at;

	pass_over(rtf, 1);
	if (symbol == '\'' && rtf->rest.size >= 2) {
		int high = hex(rtf->rest.at[0]), low = hex(rtf->rest.at[1]);

		pass_over(rtf, 2);
		if (high >= 0 && low >= 0)
			put_byte(rtf, (unsigned char)(high << 4 | low));
	} else if (symbol == '*') {
		rtf->groups[rtf->depth].hidden |= !rtf->too_deep;
	} else if (symbol == '\\' || symbol == '{' || symbol == '}') {
		put_byte(rtf, (unsigned char)symbol);
	} else if (symbol == '~' || symbol == '\n' || symbol == '\r') {
		put(rtf, ' ');
	} else if (symbol == '_') {
		put(rtf, '-');
	}
}

void rtf_read(struct slice document, struct buffer *words)
{
	struct rtf rtf = {.rest = document, .words = words, .groups = {{.skip = 1}}};

	rtf.page = iconv_open("UTF-8", "CP1252");
	while (rtf.rest.size && !words_full(words)) {
		char c = *rtf.rest.at;

		pass_over(&rtf, 1);
		if (c == '{')
			begin_group(&rtf);
		else if (c == '}')
			end_group(&rtf);
		else if (c == '\\' && rtf.rest.size && isalpha((unsigned char)*rtf.rest.at))
			take_word(&rtf);
		else if (c == '\\' && rtf.rest.size)
			take_symbol(&rtf);
		else if (c != '\r' && c != '\n')
			put_byte(&rtf, (unsigned char)c);
	}
	if (rtf.page != (iconv_t)-1)
		iconv_close(rtf.page);
}
