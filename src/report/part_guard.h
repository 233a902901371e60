// SPDX-License-Identifier: GPL-3.0-or-later
/* The guard's part of the report: how many addresses are kept away, and whether that works.  That
 * its service is down is the mail's part (report/part_mail.h). */
#ifndef POSTCASK_REPORT_PART_GUARD_H
#define POSTCASK_REPORT_PART_GUARD_H

#include <jansson.h>

#include "base/buffer.h"

/* Sets "guard" of the report from RUN/guard/report.json; nothing without the guard. */
void guard_summary_add(json_t *report, const char *run);

/* One line for people, none while nobody is banned. */
void guard_summary_text(const json_t *report, struct buffer *text);

#endif
