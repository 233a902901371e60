// SPDX-License-Identifier: GPL-3.0-or-later
/* What a service of ours says of itself in RUN/NAME/report.json, as its part of the report. */
#ifndef POSTCASK_REPORT_PART_H
#define POSTCASK_REPORT_PART_H

#include <jansson.h>
#include <stddef.h>

/* Sets `name` of the report from that file, of `limit` bytes at most, and takes out the notes of
 * before, which begin with `note`.  What it has, or NULL without a file; the report owns it. */
const json_t *part_take(json_t *report, const char *run, const char *name, size_t limit,
			const char *note);

#endif
