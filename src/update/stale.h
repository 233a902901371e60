// SPDX-License-Identifier: GPL-3.0-or-later
/* What still runs from files that an update has replaced: a library that was fixed on the disk
 * is fixed in a daemon only when that has been started again. */
#ifndef POSTCASK_UPDATE_STALE_H
#define POSTCASK_UPDATE_STALE_H

#include <jansson.h>
#include <stdbool.h>

#include "base/error.h"

/* Whether this text of a /proc/PID/maps has code in it that was below /usr and is gone. */
bool stale_maps(const char *maps);

/* The service of this text of a /proc/PID/cgroup; owned by the caller.  NULL for what is no
 * service of the system: a session, the kernel's own, process 1. */
char *stale_unit(const char *cgroup);

struct stale {
	json_t *restart; /* services to start again, each once */
	json_t *kept;	 /* those that only a restart of the machine can change */
	bool manager;	 /* process 1 itself */
};

void stale_free(struct stale *stale);

/* Looks at every process below `proc`. */
_must_check_ int stale_find(const char *proc, struct stale *ret_stale, struct error *error);

#endif
