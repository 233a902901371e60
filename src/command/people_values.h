// SPDX-License-Identifier: GPL-3.0-or-later
/* What a person has besides a name and a quota: where his mail goes on, his language, and
 * as whom else he may send. */
#ifndef POSTCASK_COMMAND_PEOPLE_VALUES_H
#define POSTCASK_COMMAND_PEOPLE_VALUES_H

#include <jansson.h>
#include <stdbool.h>

#include "base/error.h"

/* As they are written: NULL is not said. */
struct people_values {
	const char *forward;  /* "A,B", or "none" */
	const char *keep;     /* "yes" or "no" */
	const char *language; /* "de", or "none" */
	const char *send_as;  /* "A,B": all others that he may send as; or "none" */
	const char *send_for; /* likewise, on behalf of them */
};

#define PEOPLE_VALUES_COLUMNS "forward", "keep", "language", "may_send_as", "may_send_for"
#define PEOPLE_VALUES_HEAD    "forward,keep,language,may_send_as,may_send_for"

/* Into a question to postcask-directory. */
_must_check_ int people_values_add(const struct people_values *values, json_t *question,
				   struct error *error);

/* The same of a row of a table, whose empty fields say nothing. */
_must_check_ int people_values_take(json_t *row, struct error *error);

/* Lines below the person's own, and fields of a table. */
void people_values_print(const json_t *user);
void people_values_write(const json_t *user);

#endif
