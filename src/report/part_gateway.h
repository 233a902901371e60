// SPDX-License-Identifier: GPL-3.0-or-later
/* The server behind a gateway, in the machine's report. */
#ifndef POSTCASK_REPORT_PART_GATEWAY_H
#define POSTCASK_REPORT_PART_GATEWAY_H

#include <jansson.h>

/* What postcask-gateway(8) found last, from below `run`; what is wrong makes it degraded. */
void gateway_part_add(json_t *report, const char *run);

#endif
