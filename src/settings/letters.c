// SPDX-License-Identifier: GPL-3.0-or-later
#include "settings/letters.h"

#include <errno.h>
#include <idn2.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unicase.h>
#include <uninorm.h>
#include <unistr.h>

#include "base/buffer.h"

#define FORMS_LIMIT 32	/* a Vietnamese vowel has 9 */
#define FORM_SIZE   32	/* a letter and its accents */
#define PARTS_LIMIT 5	/* a letter and its accents, in Unicode's longest */
#define LABEL_LIMIT 253 /* characters of a name, which has no more bytes */

/* Capitals that Unicode's simple tables lack, and what IDNA takes for a dot (RFC 3490). */
static const struct {
	ucs4_t letter;
	const char *form;
} more_forms[] = {
    {0xdf, "ẞ"},
    {'.', "。"},
    {'.', "．"},
    {'.', "｡"},
};
#define FINAL_SIGMA   0x3c2
#define DOT_ABOVE     0x307 /* after an i: IDNA's small letter for the capital below */
#define CAPITAL_I_DOT "İ"

struct forms {
	char text[FORMS_LIMIT][FORM_SIZE];
	unsigned count;
};

/* How often the name that has most of a letter has it. */
struct letters {
	unsigned char *times; /* of each character of Unicode; owned */
	unsigned capital_i_dots;
};
#define UNICODE_SIZE 0x110000

static void add_form(struct forms *forms, const char *before, const char *after)
{
	char *text = forms->text[forms->count];

	if (forms->count == FORMS_LIMIT || strlen(before) + strlen(after) >= FORM_SIZE)
		return;
	strcpy(stpcpy(text, before), after);
	for (unsigned i = 0; i < forms->count; i++)
		if (!strcmp(forms->text[i], text))
			return;
	forms->count++;
}

/* Every way to write this very letter: as one character, and with its accents apart.  The
 * letters of ASCII are in lower case, for those who compare have made them so. */
static void spell(ucs4_t letter, struct forms *forms)
{
	ucs4_t parts[UC_DECOMPOSITION_MAX_LENGTH];
	int count = uc_canonical_decomposition(letter, parts);
	char text[FORM_SIZE] = "";
	struct forms below = {.count = 0};

	u8_uctomb((uint8_t *)text, letter >= 'A' && letter <= 'Z' ? letter + 32 : letter, 6);
	add_form(forms, text, "");
	if (count < 2)
		return;
	spell(parts[0], &below);
	memset(text, 0, sizeof(text));
	for (int i = 1; i < count && strlen(text) < FORM_SIZE - 8; i++)
		u8_uctomb((uint8_t *)text + strlen(text), parts[i], 6);
	for (unsigned i = 0; i < below.count; i++)
		add_form(forms, below.text[i], text);
}

/* All that stands for a letter of a U-label, itself first. */
static void forms_of(ucs4_t letter, struct forms *forms)
{
	const ucs4_t cases[] = {letter, uc_toupper(letter), uc_totitle(letter), uc_tolower(letter)};

	forms->count = 0;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (cases[i] >= 0x80 || cases[i] == letter)
			spell(cases[i], forms);
	for (size_t i = 0; i < ARRAY_SIZE(more_forms); i++)
		if (more_forms[i].letter == letter)
			add_form(forms, more_forms[i].form, "");
}

/* How many characters the letter is with its accents apart. */
static unsigned count_parts(ucs4_t letter)
{
	ucs4_t parts[UC_DECOMPOSITION_MAX_LENGTH];
	int count = uc_canonical_decomposition(letter, parts);

	return count < 2 ? 1 : (unsigned)count - 1 + count_parts(parts[0]);
}

/* The U-labels of a name, 0 when it has none or memory ran out (*ret_label is NULL). */
static size_t read_label(const char *name, ucs4_t **ret_label)
{
	char *text = NULL;
	size_t length = 0;

	*ret_label = NULL;
	if (idn2_to_unicode_8z8z(name, &text, 0) == IDN2_OK)
		*ret_label = u8_to_u32((const uint8_t *)text, strlen(text), NULL, &length);
	idn2_free(text);
	return *ret_label && length <= LABEL_LIMIT ? length : 0;
}

static bool is_dotted_i(const ucs4_t *label, size_t length, size_t i)
{
	return label[i] == 'i' && i + 1 < length && label[i + 1] == DOT_ABOVE;
}

static void add_plain(struct buffer *buffer, ucs4_t letter)
{
	char text[FORM_SIZE] = "";

	u8_uctomb((uint8_t *)text, letter, 6);
	buffer_add_text(buffer, text);
}

static void add_letter(struct buffer *buffer, ucs4_t letter)
{
	if (letter == '.')
		buffer_add_text(buffer, "[.]");
	else
		add_plain(buffer, letter);
}

/* For one name, its letters and the two patterns. */
static int derive_name(json_t *list, const char *name, const ucs4_t *label, size_t length)
{
	_cleanup_(buffer_free) struct buffer pattern = BUFFER_INIT, written = BUFFER_INIT;
	_cleanup_(buffer_free) struct buffer plain = BUFFER_INIT;

	for (size_t i = 0; i < length; i++) {
		struct forms forms;

		add_plain(&plain, label[i]);
		add_letter(&pattern, label[i]);
		forms_of(label[i], &forms);
		if (is_dotted_i(label, length, i)) {
			add_plain(&plain, label[++i]);
			add_letter(&pattern, label[i]);
			buffer_add_text(&written, "(?:i\xcc\x87|" CAPITAL_I_DOT ")");
			continue;
		}
		if (forms.count > 1)
			buffer_add_text(&written, "(?:");
		add_letter(&written, label[i]);
		for (unsigned j = 1; j < forms.count; j++)
			buffer_addf(&written, "|%s", forms.text[j]);
		if (forms.count > 1)
			buffer_add_char(&written, ')');
	}
	if (plain.failed || pattern.failed || written.failed)
		return -ENOMEM;
	return json_array_append_new(
	    list, json_pack("{s:s, s:s, s:s, s:s}", "name", name, "letters", buffer_text(&plain),
			    "pattern", buffer_text(&pattern), "written", buffer_text(&written)));
}

static void count_letters(struct letters *letters, const ucs4_t *label, size_t length)
{
	unsigned dots = 0;

	for (size_t i = 0; i < length; i++) {
		unsigned char times = 0;

		dots += is_dotted_i(label, length, i);
		if (label[i] < 0x80 && label[i] != '.')
			continue;
		for (size_t j = 0; j < length; j++)
			times = (unsigned char)(times + (label[j] == label[i]));
		if (times > letters->times[label[i]])
			letters->times[label[i]] = times;
	}
	if (dots > letters->capital_i_dots)
		letters->capital_i_dots = dots;
}

static int add_spelling(json_t *list, const char *from, const char *to, unsigned times, bool last)
{
	while (times--)
		if (json_array_append_new(list, json_pack("{s:s, s:s, s:b}", "from", from, "to", to,
							  "last", last)) < 0)
			return -ENOMEM;
	return 0;
}

/* A capital sigma is the final one at the end of a word, and the other before it. */
static int spell_letter(const struct letters *letters, ucs4_t letter, json_t *list)
{
	_cleanup_(buffer_free) struct buffer from = BUFFER_INIT;
	struct forms forms;

	forms_of(letter, &forms);
	if (forms.count < 2)
		return 0;
	for (unsigned i = 1; i < forms.count; i++)
		buffer_addf(&from, "%s%s", i > 1 ? "|" : "", forms.text[i]);
	return from.failed ? -ENOMEM
			   : add_spelling(list, buffer_text(&from), forms.text[0],
					  letters->times[letter], letter == FINAL_SIGMA);
}

/* Those with most accents first: what is left of them is never another's. */
static int derive_spellings(const struct letters *letters, json_t *list)
{
	int r = spell_letter(letters, FINAL_SIGMA, list);

	if (r == 0)
		r = add_spelling(list, CAPITAL_I_DOT, "i\xcc\x87", letters->capital_i_dots, false);
	for (unsigned parts = PARTS_LIMIT; parts > 0; parts--)
		for (ucs4_t letter = 0; r == 0 && letter < UNICODE_SIZE; letter++)
			if (letters->times[letter] && letter != FINAL_SIGMA &&
			    count_parts(letter) == parts)
				r = spell_letter(letters, letter, list);
	return r;
}

static void add_new_bytes(struct buffer *text, const char *form, bool known[256])
{
	bool is_new = false;

	for (const char *c = form; *c; c++) {
		is_new = is_new || !known[(unsigned char)*c];
		known[(unsigned char)*c] = true;
	}
	if (is_new)
		buffer_add_text(text, form);
}

/* The letters in which a byte comes for the first time. */
static int derive_bytes(const struct letters *letters, json_t *settings)
{
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;
	bool known[256] = {false};
	struct forms forms;

	for (ucs4_t letter = 0x80; letter < UNICODE_SIZE; letter++) {
		if (!letters->times[letter])
			continue;
		forms_of(letter, &forms);
		for (unsigned i = 0; i < forms.count; i++)
			add_new_bytes(&text, forms.text[i], known);
	}
	for (size_t i = 0; i < ARRAY_SIZE(more_forms); i++)
		add_new_bytes(&text, more_forms[i].form, known);
	add_new_bytes(&text, CAPITAL_I_DOT, known);
	return text.failed || json_object_set_new(settings, "letter_bytes",
						  json_string(buffer_text(&text))) < 0
		   ? -ENOMEM
		   : 0;
}

static int derive_of(json_t *list, struct letters *letters, const char *name)
{
	_cleanup_free_ ucs4_t *label = NULL;
	size_t length;

	if (!strstr(name, "xn--"))
		return 0;
	length = read_label(name, &label);
	if (!label)
		return -ENOMEM;
	count_letters(letters, label, length);
	return derive_name(list, name, label, length);
}

static int derive_names(const json_t *settings, json_t *list, struct letters *letters)
{
	const json_t *hostname = json_object_get(settings, "hostname");
	size_t i;
	json_t *domain;
	int r = 0;

	json_array_foreach(json_object_get(settings, "domains"), i, domain)
	{
		if (r == 0)
			r = derive_of(list, letters, json_string_value(domain));
	}
	if (r == 0 && json_is_false(json_object_get(settings, "hostname_is_domain")))
		r = derive_of(list, letters, json_string_value(hostname));
	return r;
}

/* The domains that auth_username_format translates by a pattern each. */
static int derive_first(json_t *settings, const json_t *names)
{
	json_t *first = json_array();

	for (size_t i = 0; first && i < LETTERS_PATTERNS && i < json_array_size(names); i++)
		json_array_append(first, json_array_get(names, i));
	return json_object_set_new(settings, "login_patterns", first);
}

static int derive_has_rows(json_t *settings, const json_t *names)
{
	return json_object_set_new(settings, "login_rows",
				   json_boolean(json_array_size(names) > LETTERS_PATTERNS));
}

int letters_derive(json_t *settings)
{
	json_t *names = json_array(), *spellings = json_array();
	struct letters letters = {.times = calloc(UNICODE_SIZE, 1)};
	int r = names && spellings && letters.times ? 0 : -ENOMEM;

	if (r == 0)
		r = derive_names(settings, names, &letters);
	if (r == 0)
		r = derive_first(settings, names);
	if (r == 0)
		r = derive_has_rows(settings, names);
	if (r == 0 && json_array_size(names))
		r = derive_spellings(&letters, spellings);
	if (r == 0 && json_array_size(names))
		r = derive_bytes(&letters, settings);
	else if (r == 0)
		r = json_object_set_new(settings, "letter_bytes", json_string(""));
	free(letters.times);
	if (json_object_set_new(settings, "own_letters", names) < 0 ||
	    json_object_set_new(settings, "spellings", spellings) < 0)
		return -ENOMEM;
	return r < 0 ? -ENOMEM : 0;
}
