// SPDX-License-Identifier: GPL-3.0-or-later
/* When what a service without privileges has found is to be in the machine's report: for its unit's
 * second command, which is root's. */
#ifndef POSTCASK_REPORT_NEWS_H
#define POSTCASK_REPORT_NEWS_H

#include <jansson.h>
#include <stdbool.h>

#include "base/error.h"

/* Reads what was found, in a folder of that service's, and has postcask-report written anew if
 * `is_news` says so of the report that there is.  Without one nothing is to be done: the one that
 * is to come has it. */
_must_check_ int report_news(const char *found_file,
			     bool (*is_news)(const json_t *report, const json_t *found),
			     struct error *error);

#endif
