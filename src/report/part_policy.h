// SPDX-License-Identifier: GPL-3.0-or-later
/* The policy service's part of the report: who was put off today, and whether what it learns is
 * kept. */
#ifndef POSTCASK_REPORT_PART_POLICY_H
#define POSTCASK_REPORT_PART_POLICY_H

#include <jansson.h>

#include "base/buffer.h"

/* Sets "policy" of the report from what the service in `run` (/run/postcask) says of today, by
 * name; nothing when it does not run, which others tell.  A disk that it cannot write to makes the
 * report degraded. */
void report_policy_add(json_t *report, const char *run);

/* One line for people, none on a day when nobody was put off. */
void report_policy_text(const json_t *report, struct buffer *text);

#endif
