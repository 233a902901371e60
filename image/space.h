// SPDX-License-Identifier: GPL-3.0-or-later
/* Room for a build, known before it is needed. */
#ifndef POSTCASK_IMAGE_SPACE_H
#define POSTCASK_IMAGE_SPACE_H

#include "image/build.h"

/* -ENOSPC when the cache or the outputs' folder (both exist) lacks the room that
 * the build needs; what they need together when they share a file system.  The
 * packages, the tree and the sysroot count unless the tree of the last known key
 * is there. */
_must_check_ int space_check(const struct build *build, struct error *error);

#endif
