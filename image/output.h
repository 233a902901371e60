// SPDX-License-Identifier: GPL-3.0-or-later
/* What a build leaves: the images, their checksums and the manifest.  Everything
 * is written as NAME.partial first. */
#ifndef POSTCASK_IMAGE_OUTPUT_H
#define POSTCASK_IMAGE_OUTPUT_H

#include "base/buffer.h"
#include "image/build.h"

/* Refuses outputs that cannot be written, before any work is done. */
_must_check_ int output_check(const struct build *build, struct error *error);

/* Writes the manifest and gives everything its name, each file whole on the disk
 * before it gets it.  `manifest` receives the manifest's text. */
_must_check_ int output_finish(const struct build *build, double seconds, struct buffer *manifest,
			       struct error *error);

/* Removes every NAME.partial. */
void output_discard(const struct build *build);

#endif
