// SPDX-License-Identifier: GPL-3.0-or-later
#include "ledger/line_private.h"

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
