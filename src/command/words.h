// SPDX-License-Identifier: GPL-3.0-or-later
/* Lists in one word of a command, or in one field of a table. */
#ifndef POSTCASK_COMMAND_WORDS_H
#define POSTCASK_COMMAND_WORDS_H

#include <jansson.h>
#include <stdbool.h>

/* What has blanks, commas or lines between; NULL if it is no UTF-8. */
json_t *words_split(const char *text);

/* The same as a field of CSV, with blanks between. */
void words_write(const json_t *list, bool last);

#endif
