// SPDX-License-Identifier: GPL-3.0-or-later
/* Drift: a file of the generation in force that is not what was rendered, because
 * somebody edited it or the disk damaged it. */
#ifndef POSTCASK_DRIFT_H
#define POSTCASK_DRIFT_H

#include <jansson.h>

#include "base/error.h"

/* Compares every file that `manifest` lists below STATE/current with its digest.
 * *ret_paths (a new reference) are those that differ or are missing, below the
 * root without a leading slash.  A file that the caller may not read is not
 * judged. */
_must_check_ int drift_find(const char *state, const json_t *manifest, json_t **ret_paths,
			    struct error *error);

#endif
