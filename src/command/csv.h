// SPDX-License-Identifier: GPL-3.0-or-later
/* Comma-separated values (RFC 4180), with the names of the columns in the first line. */
#ifndef POSTCASK_COMMAND_CSV_H
#define POSTCASK_COMMAND_CSV_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/error.h"

enum { CSV_COLUMNS = 32, CSV_ROWS = 400000, CSV_FIELD = 64 * 1024 };

/* *ret_rows: an object of texts for each line, by the names of the columns, with the line's number
 * under "line"; a column that is no one of `columns` is refused, as is a line with more or fewer
 * fields than the first.  Errors name file and line.  Changes the text. */
_must_check_ int csv_read(const char *path, char *text, const char *const *columns,
			  json_t **ret_rows, struct error *error);

/* One field, quoted where it must be.  A text that a spreadsheet would take for a formula is
 * written as it is: it is an address or a name, and to be read again. */
void csv_write(FILE *stream, const char *field, bool last);

#endif
