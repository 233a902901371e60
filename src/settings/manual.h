// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask-settings(5), from the table and the few sections around it. */
#ifndef POSTCASK_MANUAL_H
#define POSTCASK_MANUAL_H

#include "base/buffer.h"

void manual_write(struct buffer *buffer);

#endif
