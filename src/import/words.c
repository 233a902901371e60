// SPDX-License-Identifier: GPL-3.0-or-later
#include "import/words.h"

#include <string.h>
#include <strings.h>
#include <time.h>

struct words words_begin(const struct imap_response *response, size_t from)
{
	const char *text = buffer_text(&response->text);
	struct words words = {.rest = {text + from, response->text.size - from}};

	if (response->literals) {
		words.literal = text + response->literal_at;
		words.literal_size = response->literal_size;
	}
	return words;
}

void words_free(struct words *words)
{
	buffer_free(&words->text);
}

static void skip(struct words *words, size_t size)
{
	words->rest.at += size;
	words->rest.size -= size;
}

static enum word quoted(struct words *words, struct slice *ret)
{
	buffer_reset(&words->text);
	for (size_t i = 1; i < words->rest.size; i++) {
		char c = words->rest.at[i];

		if (c == '"') {
			skip(words, i + 1);
			*ret = (struct slice){buffer_text(&words->text), words->text.size};
			return words->text.failed ? WORD_BAD : WORD_STRING;
		}
		if (c == '\\' && ++i < words->rest.size)
			c = words->rest.at[i];
		buffer_add_char(&words->text, c);
	}
	return WORD_BAD;
}

/* BODY[HEADER.FIELDS (DATE FROM)] is a single one. */
static enum word atom(struct words *words, struct slice *ret)
{
	size_t size = 0;
	bool inside = false;

	while (size < words->rest.size && words->rest.at + size != words->literal) {
		char c = words->rest.at[size];

		if (!inside && strchr(" ()\"", c))
			break;
		inside = c == '[' || (inside && c != ']');
		size++;
	}
	*ret = (struct slice){words->rest.at, size};
	skip(words, size);
	return size && !inside ? WORD_ATOM : WORD_BAD;
}

enum word words_next(struct words *words, struct slice *ret)
{
	*ret = (struct slice){"", 0};
	while (words->rest.size && *words->rest.at == ' ' && words->rest.at != words->literal)
		skip(words, 1);
	if (words->literal && words->rest.at == words->literal) {
		*ret = (struct slice){words->literal, words->literal_size};
		words->literal = NULL;
		skip(words, ret->size);
		return WORD_STRING;
	}
	if (words->rest.size == 0)
		return WORD_END;
	if (*words->rest.at == '(' || *words->rest.at == ')') {
		enum word kind = *words->rest.at == '(' ? WORD_OPEN : WORD_CLOSE;

		skip(words, 1);
		return kind;
	}
	return *words->rest.at == '"' ? quoted(words, ret) : atom(words, ret);
}

static bool is(struct slice word, const char *text)
{
	return slice_equal_case(word, slice_of(text));
}

/* ---- Dates ---- */

int64_t date_parse(struct slice text)
{
	struct tm parts = {0};
	char copy[DATE_TEXT];
	const char *end;
	int64_t date;
	long zone;

	slice_copy(text, copy, sizeof(copy));
	end = strptime(copy, "%d-%b-%Y %H:%M:%S %z", &parts);
	if (!end || *end)
		return DATE_NONE;
	zone = parts.tm_gmtoff; /* timegm(3) makes it 0 */
	date = timegm(&parts);
	return date - zone;
}

void date_format(int64_t date, char ret_text[DATE_TEXT])
{
	time_t seconds = (time_t)date;
	struct tm parts;

	/* The years 1 to 9999; before 1970 there was no mail with one, but a date says what it
	 * likes. */
	if (date == DATE_NONE || date < -62135596800 || date > 253402300799 ||
	    !gmtime_r(&seconds, &parts) ||
	    strftime(ret_text, DATE_TEXT, "%d-%b-%Y %H:%M:%S +0000", &parts) == 0)
		ret_text[0] = '\0';
}

/* ---- FETCH ---- */

/* Whatever stands there, brackets in brackets too. */
static bool pass_over(struct words *words)
{
	struct slice word;
	int depth = 0;

	do {
		switch (words_next(words, &word)) {
		case WORD_OPEN:
			depth++;
			break;
		case WORD_CLOSE:
			depth--;
			break;
		case WORD_END:
		case WORD_BAD:
			return false;
		default:
			break;
		}
	} while (depth > 0);
	return depth == 0;
}

static bool take_flags(struct words *words, struct slice *ret)
{
	struct slice word;
	const char *begin;
	enum word kind = words_next(words, &word);

	if (kind != WORD_OPEN)
		return false;
	begin = words->rest.at;
	while ((kind = words_next(words, &word)) == WORD_ATOM)
		;
	*ret = (struct slice){begin, (size_t)(words->rest.at - begin) - 1};
	return kind == WORD_CLOSE;
}

static bool take_number(struct words *words, uint64_t limit, uint64_t *ret)
{
	struct slice word;
	long long number;

	if (words_next(words, &word) != WORD_ATOM || !slice_number(&word, &number) || word.size ||
	    (uint64_t)number > limit)
		return false;
	*ret = (uint64_t)number;
	return true;
}

static bool take_item(struct words *words, struct slice name, struct fetched *ret)
{
	struct slice word;
	uint64_t number = 0;

	if (is(name, "UID")) {
		bool good = take_number(words, UINT32_MAX, &number);

		ret->uid = (uint32_t)number;
		return good;
	}
	if (is(name, "RFC822.SIZE"))
		return ret->has_size = take_number(words, (uint64_t)1 << 50, &ret->size);
	if (is(name, "FLAGS"))
		return take_flags(words, &ret->flags);
	if (is(name, "INTERNALDATE")) {
		if (words_next(words, &word) != WORD_STRING)
			return false;
		ret->date = date_parse(word);
		return true;
	}
	if (name.size < 5 || strncasecmp(name.at, "BODY[", 5) != 0)
		return pass_over(words);
	switch (words_next(words, &word)) {
	case WORD_STRING:
		/* A quoted one is short, and nothing with a line break: no message. */
		ret->body = word.at == buffer_text(&words->text) ? SLICE("") : word;
		break;
	case WORD_ATOM: /* NIL */
		ret->body = SLICE("");
		break;
	default:
		return false;
	}
	return ret->has_body = true;
}

bool words_fetch(const struct imap_response *response, struct fetched *ret)
{
	_cleanup_(words_free) struct words words = words_begin(response, 0);
	struct fetched fetched = {.date = DATE_NONE, .flags = SLICE(""), .body = SLICE("")};
	struct slice word;
	enum word kind;
	uint64_t number;

	if (words_next(&words, &word) != WORD_ATOM || !is(word, "*") ||
	    !take_number(&words, UINT32_MAX, &number) || words_next(&words, &word) != WORD_ATOM ||
	    !is(word, "FETCH") || words_next(&words, &word) != WORD_OPEN)
		return false;
	while ((kind = words_next(&words, &word)) == WORD_ATOM)
		if (!take_item(&words, word, &fetched))
			return false;
	if (kind != WORD_CLOSE)
		return false;
	*ret = fetched;
	return true;
}

/* ---- LIST ---- */

static enum folder_use use_of(struct slice attribute)
{
	static const struct {
		const char *name;
		enum folder_use use;
	} uses[] = {
	    {"\\Drafts", USE_DRAFTS}, {"\\Sent", USE_SENT},	 {"\\Junk", USE_JUNK},
	    {"\\Spam", USE_JUNK},     {"\\Trash", USE_TRASH},	 {"\\Archive", USE_ARCHIVE},
	    {"\\All", USE_ALL},	      {"\\AllMail", USE_ALL},	 {"\\Flagged", USE_VIEW},
	    {"\\Starred", USE_VIEW},  {"\\Important", USE_VIEW},
	};

	for (size_t i = 0; i < ARRAY_SIZE(uses); i++)
		if (is(attribute, uses[i].name))
			return uses[i].use;
	return USE_NONE;
}

bool words_list(const struct imap_response *response, const char *verb, struct listed *ret)
{
	_cleanup_(words_free) struct words words = words_begin(response, 0);
	struct listed listed = {0};
	struct slice word;
	enum word kind;

	if (words_next(&words, &word) != WORD_ATOM || !is(word, "*") ||
	    words_next(&words, &word) != WORD_ATOM || !is(word, verb) ||
	    words_next(&words, &word) != WORD_OPEN)
		return false;
	while ((kind = words_next(&words, &word)) == WORD_ATOM) {
		enum folder_use use = use_of(word);

		listed.use = use ? use : listed.use;
		listed.no_messages |= is(word, "\\Noselect") || is(word, "\\NonExistent");
	}
	if (kind != WORD_CLOSE)
		return false;
	kind = words_next(&words, &word);
	if (kind == WORD_STRING && word.size == 1)
		listed.separator = *word.at;
	else if (kind != WORD_ATOM || !is(word, "NIL"))
		return false;
	kind = words_next(&words, &word);
	if ((kind != WORD_STRING && kind != WORD_ATOM) || word.size == 0 ||
	    memchr(word.at, '\0', word.size))
		return false;
	listed.name = strndup(word.at, word.size);
	*ret = listed;
	return listed.name;
}

/* ---- NAMESPACE ---- */

/* One of the three: NIL, or ((prefix separator ...) ...). */
static bool take_prefixes(struct words *words, bool first_only, struct buffer *into)
{
	struct slice word;
	enum word kind = words_next(words, &word);
	int depth = 1, place = 0;
	bool done = false;

	if (kind == WORD_ATOM && is(word, "NIL"))
		return true;
	if (kind != WORD_OPEN)
		return false;
	while (depth > 0) {
		kind = words_next(words, &word);
		if (kind == WORD_END || kind == WORD_BAD)
			return false;
		place = kind == WORD_OPEN ? 0 : place + 1;
		depth += (kind == WORD_OPEN) - (kind == WORD_CLOSE);
		if (kind == WORD_STRING && depth == 2 && place == 1 && !(first_only && done)) {
			buffer_add(into, word.at, word.size);
			if (!first_only)
				buffer_add_char(into, '\n');
			done = true;
		}
	}
	return true;
}

bool words_namespace(const struct imap_response *response, char **ret_own, char **ret_others)
{
	_cleanup_(words_free) struct words words = words_begin(response, 0);
	_cleanup_(buffer_free) struct buffer own = BUFFER_INIT, others = BUFFER_INIT;
	struct slice word;

	if (words_next(&words, &word) != WORD_ATOM || !is(word, "*") ||
	    words_next(&words, &word) != WORD_ATOM || !is(word, "NAMESPACE") ||
	    !take_prefixes(&words, true, &own) || !take_prefixes(&words, false, &others) ||
	    !take_prefixes(&words, false, &others))
		return false;
	*ret_own = strdup(buffer_text(&own));
	*ret_others = strdup(buffer_text(&others));
	return *ret_own && *ret_others;
}
