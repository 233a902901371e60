// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask user filter, and what the other commands of users say and take of it. */
#ifndef POSTCASK_COMMAND_FILTER_H
#define POSTCASK_COMMAND_FILTER_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/error.h"

int command_user_filter(int argc, char **argv);

/* Lines below a person's own: what the filter does for him, where that is another thing than for
 * everybody.  NULL: nothing. */
void filter_print(const json_t *filter);

/* The columns of a table of users: mark, hold, spam and banned (on, off), allow and block (senders
 * with blanks between them).  What is empty is as for everybody. */
#define FILTER_COLUMNS "mark", "hold", "spam", "banned", "allow", "block"
void filter_write_columns(FILE *stream, const json_t *filter, bool last);

/* Puts what a row of a table has in them into it as "filter". */
_must_check_ int filter_take_columns(json_t *row, struct error *error);

#endif
