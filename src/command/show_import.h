// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef POSTCASK_SHOW_IMPORT_H
#define POSTCASK_SHOW_IMPORT_H

#include <jansson.h>
#include <stdbool.h>

/* A report of import/job.h as a table; why it did not come to its end is an error. */
void show_import(const json_t *report, bool dry_run);

#endif
