// SPDX-License-Identifier: GPL-3.0-or-later
/* What a build knows: given by the command line, never changed by a step. */
#ifndef POSTCASK_IMAGE_BUILD_H
#define POSTCASK_IMAGE_BUILD_H

#include <stdbool.h>

#include "base/error.h"

#define BUILD_SUITE	   "trixie"
#define BUILD_ARCHITECTURE "amd64"

struct build {
	char *source;	  /* the repository: Makefile, image/, overlays/ */
	char *cache;	  /* what later builds use again */
	char *sysroot;	  /* Debian's headers and libraries */
	char *programs;	  /* the compiled programs, by their paths in the image */
	char *output;	  /* the outputs' path without suffix */
	char *mirror;	  /* NULL: found on this host */
	char *signatures; /* a folder of ClamAV's official databases, or NULL */
	char *layer;	  /* a folder to keep the tree's changes in (layer.c), or NULL */
	char *plain;	  /* a list of packages to make Debian of and nothing of ours, or NULL */
	bool want_raw;
	bool want_qcow2;
	bool refresh; /* fetch the package lists even when they are fresh */
};

/* CACHE/name, SOURCE/name: owned by the caller, NULL when out of memory. */
char *build_cache_path(const struct build *build, const char *name);
char *build_source_path(const struct build *build, const char *name);

/* OUTPUT+suffix. */
char *build_output_path(const struct build *build, const char *suffix);

/* The path CACHE/kind-KEY, for the key that packages_step left for `kind`. */
_must_check_ int build_keyed_path(const struct build *build, const char *kind, char **ret_path,
				  struct error *error);

/* Removes what other keys than the present ones have left in the cache.  Only
 * after a success: a layer in use stands on an old tree. */
_must_check_ int build_forget_old(const struct build *build, struct error *error);

/* Removes the folder's entries whose name begins and ends so, except `but`. */
_must_check_ int build_folder_clean(const char *path, const char *begin, const char *end,
				    const char *but, struct error *error);

#endif
