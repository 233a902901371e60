/* Drift: a file of the generation in force that is not what was rendered, because
 * somebody edited it or the disk damaged it. */
#ifndef POSTCASK_DRIFT_H
#define POSTCASK_DRIFT_H

#include <jansson.h>

#include "base/error.h"

/* Compares every file that `manifest` lists below STATE/current with its digest.
 * *ret_path is the first that differs or is missing (a path below the root,
 * owned by the caller), NULL when none does. */
_must_check_ int drift_find(const char *state, const json_t *manifest, char **ret_path,
			    struct error *error);

#endif
