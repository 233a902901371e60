// SPDX-License-Identifier: GPL-3.0-or-later
#include "takeover/dump_inner.h"

#include <errno.h>

const struct token *dump_next(struct dump *dump)
{
	token_next(dump->intake, dump->dialect, &dump->token);
	return &dump->token;
}

int dump_fail(const struct dump *dump, struct error *error, const char *sentence)
{
	return error_set(error, EINVAL, "%s:%lld: %s", dump->tables->path, dump->intake->line,
			 sentence);
}
