// SPDX-License-Identifier: GPL-3.0-or-later
/* The parts of the report that are as new as the moment in which it is written or shown. */
#ifndef POSTCASK_REPORT_PARTS_H
#define POSTCASK_REPORT_PARTS_H

#include <jansson.h>
#include <stdbool.h>

#include "base/buffer.h"

/* From the machine as it is now, and what its services left in `run` (/run/postcask).  `expected`:
 * there is an account of messages (report_mail_add). */
void report_parts_add(json_t *report, const char *run, bool expected);

/* Some lines for people. */
void report_parts_text(const json_t *report, struct buffer *text);

#endif
