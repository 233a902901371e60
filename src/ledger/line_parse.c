// SPDX-License-Identifier: GPL-3.0-or-later
#include "ledger/line_private.h"

static bool is_account(const struct line_accounts *accounts, const char *name, uint32_t uid)
{
	for (size_t i = 0; i < accounts->count; i++)
		if (accounts->rows[i].uid == uid && strcmp(accounts->rows[i].name, name) == 0)
			return true;
	return false;
}

static bool is_identifier(const char *wanted, struct slice identifier)
{
	if (strcmp(wanted, LOG_SERVICES) == 0)
		return memchr(identifier.at, '/', identifier.size);
	return slice_equal(identifier, slice_of(wanted));
}

enum line_writer line_writer(const struct line_accounts *accounts, struct slice identifier,
			     uint32_t uid)
{
	for (size_t i = 0; i < component_count; i++)
		for (const struct component_log *log = components[i]->logs; log->writer; log++)
			if (is_identifier(log->identifier, identifier) &&
			    is_account(accounts, log->account, uid))
				return log->writer;
	return WRITER_NONE;
}

typedef void line_parser(struct slice identifier, struct slice text, struct line *line);

static line_parser *const parsers[WRITERS] = {
    [WRITER_POSTFIX] = line_parse_postfix,	 [WRITER_POSTSUPER] = line_parse_postsuper,
    [WRITER_AMAVIS] = line_parse_amavis,	 [WRITER_DOVECOT] = line_parse_dovecot,
    [WRITER_QUARANTINE] = line_parse_quarantine, [WRITER_ACCOUNT] = line_parse_account,
};

void line_parse(enum line_writer writer, struct slice identifier, struct slice text,
		struct line *ret_line)
{
	*ret_line = (struct line){0};
	if (text.size > LINE_LIMIT)
		text.size = LINE_LIMIT;
	if (parsers[writer])
		parsers[writer](identifier, text, ret_line);
}
