// SPDX-License-Identifier: GPL-3.0-or-later
/* For who reads a stranger's file: a process may ask the kernel for nothing but memory, and to read
 * and write what was open before (seccomp(2)): it can open, connect to and start nothing. */
#ifndef POSTCASK_BASE_DOORS_H
#define POSTCASK_BASE_DOORS_H

#include "base/error.h"

/* For good.  Returns 0 or a negative errno. */
_must_check_ int doors_close(void);

#endif
