// SPDX-License-Identifier: GPL-3.0-or-later
/* What must not be the same on two machines, or is of no use in an image. */
#ifndef POSTCASK_IMAGE_SCRUB_H
#define POSTCASK_IMAGE_SCRUB_H

#include "base/error.h"

/* Takes keys, identities, logs and caches out of the tree. */
_must_check_ int scrub_tree(const char *tree, struct error *error);

/* Looks for what scrub_tree does not know: private keys and passwords below
 * /etc, /root and /var, and a machine-id.  -EBADMSG names the first. */
_must_check_ int scrub_verify(const char *tree, struct error *error);

#endif
