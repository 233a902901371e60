// SPDX-License-Identifier: GPL-3.0-or-later
#include "import/flags.h"

enum { KEYWORDS_MAX = 20, KEYWORD_SIZE_MAX = 50 };

static const struct {
	char maildir, mbox; /* 0: it has none */
	const char *flag;
} letters_known[] = {
    {'S', 'R', "\\Seen"},    {'R', 'A', "\\Answered"}, {'F', 'F', "\\Flagged"},
    {'T', 'D', "\\Deleted"}, {'D', 'T', "\\Draft"},    {'P', 0, "$Forwarded"},
};

static void add(struct buffer *flags, const char *flag)
{
	buffer_add_text(flags, flag);
	buffer_add_char(flags, ' ');
}

void flags_of_maildir(struct slice letters, struct buffer *flags)
{
	for (size_t i = 0; i < letters.size; i++)
		for (size_t k = 0; k < ARRAY_SIZE(letters_known); k++)
			if (letters.at[i] == letters_known[k].maildir)
				add(flags, letters_known[k].flag);
}

void flags_of_mbox(struct slice letters, struct buffer *flags)
{
	for (size_t i = 0; i < letters.size; i++)
		for (size_t k = 0; k < ARRAY_SIZE(letters_known); k++)
			if (letters_known[k].mbox && letters.at[i] == letters_known[k].mbox)
				add(flags, letters_known[k].flag);
}

/* RFC 3501 §9, flag-keyword. */
static bool is_keyword(struct slice word)
{
	if (word.size == 0 || word.size > KEYWORD_SIZE_MAX)
		return false;
	for (size_t i = 0; i < word.size; i++)
		if (word.at[i] <= ' ' || word.at[i] > '~' || strchr("(){%*\"\\]", word.at[i]))
			return false;
	return true;
}

static bool is_system(struct slice word)
{
	for (size_t k = 0; k < ARRAY_SIZE(letters_known); k++)
		if (letters_known[k].flag[0] == '\\' &&
		    slice_equal_case(word, slice_of(letters_known[k].flag)))
			return true;
	return false;
}

void flags_keep(struct slice flags, struct buffer *kept)
{
	int keywords = 0;

	while (flags.size) {
		struct slice word;

		if (!slice_until(&flags, SLICE(" "), &word)) {
			word = flags;
			flags.size = 0;
		}
		if (!is_system(word) && (!is_keyword(word) || keywords++ >= KEYWORDS_MAX))
			continue;
		if (kept->size)
			buffer_add_char(kept, ' ');
		buffer_add(kept, word.at, word.size);
	}
}
