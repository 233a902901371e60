// SPDX-License-Identifier: GPL-3.0-or-later
/* Keeps the image's tree for tests that boot it without a machine: what was laid
 * over the cached tree, as a layer for overlayfs, and in DIR/roots the list of
 * both layers as mount(8) takes it for `lowerdir=`, topmost first. */
#ifndef POSTCASK_IMAGE_LAYER_H
#define POSTCASK_IMAGE_LAYER_H

#include "image/build.h"

/* Copies `upper`, the changes to the cached tree, beside the layer in use. */
_must_check_ int layer_keep(const struct build *build, const char *upper, int log,
			    struct error *error);

/* Makes the copy the layer: DIR/roots is replaced whole.  Before this the old
 * one can be used, whatever happens to the build. */
_must_check_ int layer_commit(const struct build *build, struct error *error);

/* Removes a copy that has not become the layer. */
_must_check_ int layer_discard(const struct build *build, struct error *error);

#endif
