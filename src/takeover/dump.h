// SPDX-License-Identifier: GPL-3.0-or-later
/* A dump of a database in SQL, taken apart without running any of it: CREATE TABLE for the names of
 * columns, INSERT and COPY for the rows.  As written by mysqldump, mariadb-dump, phpMyAdmin,
 * pg_dump (plain; COPY or --inserts) and sqlite3 (.dump).
 *
 * A value that is made by a function of SQL is none that can be read (tables_add). */
#ifndef POSTCASK_TAKEOVER_DUMP_H
#define POSTCASK_TAKEOVER_DUMP_H

#include "takeover/intake.h"
#include "takeover/tables.h"

/* Errors name file and line. */
_must_check_ int dump_read(struct intake *intake, struct tables *tables, struct error *error);

#endif
