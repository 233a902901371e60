// SPDX-License-Identifier: GPL-3.0-or-later
/* Volumes of their own for our folders: what is mounted gets the owner and mode that it
 * needs, what is not there is said, and nothing is written in its place.  See
 * postcask-volumes(8). */
#ifndef POSTCASK_VOLUME_H
#define POSTCASK_VOLUME_H

#include <stdbool.h>

#include "base/error.h"

#define VOLUMES_NAME "volumes.json"

struct volume_paths {
	const char *fstab;  /* /etc/fstab */
	const char *mounts; /* /proc/self/mounts */
	const char *sealed; /* the mount points whose folders are sealed, a line each */
	const char *run;    /* /run/postcask: volumes.json, for the report */
};

/* What is not as it was the last time. */
struct volume_change {
	bool any, came; /* came: one is there that was not */
};

/* Attends to all of them once; what has changed is added to `change`. */
_must_check_ int volumes_attend(const struct volume_paths *paths, struct volume_change *change,
				struct error *error);

#endif
