// SPDX-License-Identifier: GPL-3.0-or-later
/* The truth about what waits: the files of Postfix's queue, and those of the quarantine. */
#ifndef POSTCASK_QUEUE_SPOOL_H
#define POSTCASK_QUEUE_SPOOL_H

#include <stdint.h>

#include "base/error.h"

#define SPOOL_FOLDER	  "/var/spool/postfix"
#define QUARANTINE_FOLDER "/var/lib/postcask/quarantine"

/* A file of the queue: `queue` is "incoming", "active", "deferred", "hold" or "corrupt";
 * `next_try` is when a deferred one goes on, in seconds since 1970, else 0. */
typedef void spool_found(void *context, const char *id, const char *queue, int64_t next_try);

/* Calls `found` for every message in the queue below `folder`.  One that moves from queue
 * to queue meanwhile may be missed, or be found twice: who did not see it looks again.
 * -EACCES when the caller may not read it. */
_must_check_ int spool_scan(const char *folder, spool_found *found, void *context,
			    struct error *error);

/* Calls `found` with the name of every message in the quarantine (not those of the
 * self-test, which it removes itself).  A missing folder is an empty one. */
_must_check_ int quarantine_scan(const char *folder, void (*found)(void *context, const char *name),
				 void *context, struct error *error);

#endif
