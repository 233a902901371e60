// SPDX-License-Identifier: GPL-3.0-or-later
/* What the image's tree has to say itself: the scripts of image/assemble.d run
 * inside it, in their order, before it is scrubbed. */
#ifndef POSTCASK_IMAGE_COMPLETE_H
#define POSTCASK_IMAGE_COMPLETE_H

#include "image/build.h"

_must_check_ int complete_tree(const struct build *build, const char *tree, int log,
			       struct error *error);

#endif
