// SPDX-License-Identifier: GPL-3.0-or-later
/* Packages unpacked, not installed: for what is needed of them on the host. */
#ifndef POSTCASK_IMAGE_UNPACK_H
#define POSTCASK_IMAGE_UNPACK_H

#include "image/build.h"

/* Unpacks all packages of CACHE/sets/KIND.lines into a new folder. */
_must_check_ int unpack_set(const struct build *build, const char *kind, const char *folder,
			    int log, struct error *error);

/* Turns every absolute symbolic link below `folder` into a relative one, as if
 * `folder` were the root. */
_must_check_ int unpack_make_relative(const char *folder, struct error *error);

#endif
