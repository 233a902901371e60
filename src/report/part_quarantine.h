// SPDX-License-Identifier: GPL-3.0-or-later
/* The quarantine's part of the report. */
#ifndef POSTCASK_REPORT_PART_QUARANTINE_H
#define POSTCASK_REPORT_PART_QUARANTINE_H

#include <jansson.h>

#include "base/buffer.h"

/* Sets "quarantine" of the report: "messages" and "bytes" that are held, the "oldest" of
 * them (UTC; null when there is none), how many are "new" since the last digest, and how
 * many were "released" and are kept.  Makes the report degraded when all of it takes more than a
 * quarter of its disk.  Nothing is added where there is no quarantine below
 * `state`, or it may not be read. */
void quarantine_summary_add(json_t *report, const char *state);

/* One line for people, none when nothing is held. */
void quarantine_summary_text(const json_t *report, struct buffer *text);

#endif
