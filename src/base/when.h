// SPDX-License-Identifier: GPL-3.0-or-later
/* Times as a person gives them:
 *
 *	10 min ago, 2h ago, 90s, 3 days		back from now (s, min, h, d, weeks)
 *	2026-11-24, 2026-11-24 10:00[:30]	this machine's time
 *	10:00, today, yesterday
 *	@1795510800				seconds since 1970 */
#ifndef POSTCASK_WHEN_H
#define POSTCASK_WHEN_H

#include <stdint.h>
#include <time.h>

#include "base/error.h"

/* *ret_time: microseconds since 1970. */
_must_check_ int when_parse(const char *text, time_t now, uint64_t *ret_time, struct error *error);

#endif
