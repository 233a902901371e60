// SPDX-License-Identifier: GPL-3.0-or-later
/* Indexes of words that were damaged, in the report. */
#ifndef POSTCASK_PART_SEARCH_H
#define POSTCASK_PART_SEARCH_H

#include <jansson.h>

/* Adds what postcask-search said below `run`. */
void search_part_add(json_t *report, const char *run);

#endif
