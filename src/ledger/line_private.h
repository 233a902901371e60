// SPDX-License-Identifier: GPL-3.0-or-later
/* Between line.c and the formats of each daemon. */
#ifndef POSTCASK_LEDGER_LINE_PRIVATE_H
#define POSTCASK_LEDGER_LINE_PRIVATE_H

#include "ledger/line.h"

/* A queue id and ": " at the front. */
bool line_take_id(struct slice *text, struct slice *ret_id);

/* "<address>" at the front; the address may be quoted (RFC 5321) and then hold anything. */
bool line_take_address(struct slice *text, struct slice *ret_address);

/* As long as it is made of letters, digits and these. */
struct slice line_take_word(struct slice *text, const char *others);

void line_parse_postfix(struct slice identifier, struct slice text, struct line *line);
void line_parse_postsuper(struct slice identifier, struct slice text, struct line *line);
void line_parse_amavis(struct slice identifier, struct slice text, struct line *line);
void line_parse_dovecot(struct slice identifier, struct slice text, struct line *line);
void line_parse_quarantine(struct slice identifier, struct slice text, struct line *line);
void line_parse_account(struct slice identifier, struct slice text, struct line *line);

#endif
