// SPDX-License-Identifier: GPL-3.0-or-later
/* The rows of a stranger's SQLite file.  It is opened as a copy in memory that nothing writes to,
 * and whatever its schema holds besides plain tables is not run. */
#ifndef POSTCASK_TAKEOVER_SQLITE_ROWS_H
#define POSTCASK_TAKEOVER_SQLITE_ROWS_H

#include "base/slice.h"
#include "takeover/tables.h"

enum { SQLITE_ROWS_FILE = 128 * 1024 * 1024 };

bool sqlite_rows_is(struct slice beginning);

/* `file`: all of its bytes; they are changed. */
_must_check_ int sqlite_rows_read(char *file, size_t size, struct tables *tables,
				  struct error *error);

#endif
