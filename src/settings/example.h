// SPDX-License-Identifier: GPL-3.0-or-later
/* A complete user-data file with every key of this version, each with its
 * documentation.  Comments are `# text`; a key that may be left out stands as
 * `#key: value`, so that removing one character puts it in force. */
#ifndef POSTCASK_EXAMPLE_H
#define POSTCASK_EXAMPLE_H

#include "base/buffer.h"

void example_write(struct buffer *buffer);

#endif
