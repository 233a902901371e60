// SPDX-License-Identifier: GPL-3.0-or-later
/* What the report says of mail that does not leave. */
#ifndef POSTCASK_REPORT_PART_LEAVING_H
#define POSTCASK_REPORT_PART_LEAVING_H

#include <jansson.h>

#include "queue/queue_view.h"

/* By the settings published in `run`: with a smarthost, what mail met there, and that it is what
 * mail waits for; without, that port 25 is blocked on the way out.  Either makes the report
 * degraded.  `account` is the ledger's, from which it is known when mail left last. */
void leaving_part_add(json_t *report, const char *run, const json_t *account,
		      struct queue_view *view);

#endif
