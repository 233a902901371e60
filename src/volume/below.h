// SPDX-License-Identifier: GPL-3.0-or-later
/* The folder that a mount hides: nobody is to write there while the volume is away, and
 * what lies there already nobody sees. */
#ifndef POSTCASK_BELOW_H
#define POSTCASK_BELOW_H

#include <stdbool.h>

#include "base/error.h"

/* Opens the folder at the mount point itself, below whatever is mounted there, for reading.
 * No part of the path may be a symbolic link.  A negative errno when it is not there. */
_must_check_ int below_open(const char *mount_point, bool mounted);

/* Opens the folder as it is seen: the volume's, when one is mounted there. */
_must_check_ int above_open(const char *path);

/* Makes the folder root's, and one in which root itself can make nothing (chattr +i, where the
 * file system has it), or takes that mark away; its owner and mode are then to be given
 * again. */
_must_check_ int below_seal(int fd, bool sealed, struct error *error);

/* Is there a file of mail in the folder `path` below `fd` ("" for itself)?  Empty folders,
 * the self-test's and what mkfs makes are none. */
bool below_has_mail(int fd, const char *path);

#endif
