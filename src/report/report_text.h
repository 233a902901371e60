// SPDX-License-Identifier: GPL-3.0-or-later
/* The report for people.  Everything is written into a buffer, so that it can go
 * to several consoles; lines fit 100 columns unless a detail is longer. */
#ifndef POSTCASK_REPORT_TEXT_H
#define POSTCASK_REPORT_TEXT_H

#include <jansson.h>

#include "base/buffer.h"

/* One line a probe: name, component, result, time, detail. */
void report_text_probes(const json_t *report, struct buffer *text);

/* Only the failed ones, in the same form, at most so many. */
void report_text_failures(const json_t *report, unsigned limit, struct buffer *text);

/* What was wrong with the settings, if they were not applied. */
void report_text_errors(const json_t *report, struct buffer *text);

/* Ports with their state, facts, notes. */
void report_text_summary(const json_t *report, struct buffer *text);

/* How to connect: names, addresses, ports, who may log in. */
void report_text_hints(const json_t *report, struct buffer *text);

/* "POSTCASK state=... seconds=... passed=N failed=N version=V\n" */
void report_text_line(const json_t *report, struct buffer *text);

#endif
