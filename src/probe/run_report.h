// SPDX-License-Identifier: GPL-3.0-or-later
/* The report of a run of probes, as report.json holds it. */
#ifndef POSTCASK_RUN_REPORT_H
#define POSTCASK_RUN_REPORT_H

#include <jansson.h>

#include "probe/probe.h"

/* A finished run as JSON.  With `partial` (some probes only) no port is called
 * open.  Owned by the caller; NULL when out of memory. */
json_t *report_make(const struct probe_run *run, bool partial);

#endif
