#include "ledger/line.h"

#include <ctype.h>

#include "ledger/line_private.h"

bool line_is_queue_id(struct slice text)
{
	if (text.size < 5 || text.size >= LINE_ID_LIMIT || slice_equal(text, SLICE("NOQUEUE")))
		return false;
	for (size_t i = 0; i < text.size; i++)
		if (!isalnum((unsigned char)text.at[i]))
			return false;
	return true;
}

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

	if (!line_is_queue_id(id) || !slice_skip(&rest, SLICE(": ")))
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

enum line_writer line_writer(const struct line_accounts *accounts, struct slice identifier,
			     uint32_t uid)
{
	static const struct {
		struct slice identifier;
		enum line_writer writer;
	} of_root[] = {
	    {SLICE("dovecot"), WRITER_DOVECOT},
	    {SLICE("postcask-quarantine"), WRITER_QUARANTINE},
	    {SLICE("postcask-account"), WRITER_ACCOUNT},
	};

	if (uid == accounts->postfix && slice_equal(identifier, SLICE("postfix/postsuper")))
		return WRITER_POSTSUPER;
	if (uid == accounts->postfix && memchr(identifier.at, '/', identifier.size))
		return WRITER_POSTFIX;
	if (uid == accounts->amavis && slice_equal(identifier, SLICE("amavis")))
		return WRITER_AMAVIS;
	for (size_t i = 0; uid == 0 && i < ARRAY_SIZE(of_root); i++)
		if (slice_equal(identifier, of_root[i].identifier))
			return of_root[i].writer;
	return WRITER_NONE;
}

void line_parse(enum line_writer writer, struct slice identifier, struct slice text,
		struct line *ret_line)
{
	*ret_line = (struct line){0};
	if (text.size > LINE_LIMIT)
		text.size = LINE_LIMIT;
	switch (writer) {
	case WRITER_POSTFIX:
		line_parse_postfix(identifier, text, ret_line);
		break;
	case WRITER_POSTSUPER:
		line_parse_postsuper(text, ret_line);
		break;
	case WRITER_AMAVIS:
		line_parse_amavis(text, ret_line);
		break;
	case WRITER_DOVECOT:
		line_parse_dovecot(text, ret_line);
		break;
	case WRITER_QUARANTINE:
		line_parse_quarantine(text, ret_line);
		break;
	case WRITER_ACCOUNT:
		line_parse_account(text, ret_line);
		break;
	case WRITER_NONE:
		break;
	}
}
