// SPDX-License-Identifier: GPL-3.0-or-later
/* The mail's part of the report: the account of every message, what waits and why, and
 * which daemon is down. */
#ifndef POSTCASK_REPORT_PART_MAIL_H
#define POSTCASK_REPORT_PART_MAIL_H

#include <jansson.h>

#include "base/buffer.h"

/* Sets "mail" of the report, from the account in `run` (/run/postcask) and from the machine
 * as it is now; an alarm makes the report degraded.  A folder without an account is that of
 * no machine: nothing is added, unless `expected`. */
void report_mail_add(json_t *report, const char *run, bool expected);

/* Some lines for people. */
void report_mail_text(const json_t *report, struct buffer *text);

#endif
