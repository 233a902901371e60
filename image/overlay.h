// SPDX-License-Identifier: GPL-3.0-or-later
/* Files laid over a tree.  Git keeps neither owner nor mode beyond "executable":
 * so everything laid is root's, folders are 0755, files 0755 when executable and
 * else 0644, and links stay links.  A folder that the tree has keeps its owner
 * and mode.  What needs more gets it from tmpfiles.d(5) or at its rendering. */
#ifndef POSTCASK_IMAGE_OVERLAY_H
#define POSTCASK_IMAGE_OVERLAY_H

#include "base/error.h"

/* Lays what is below `from` over `tree`.  Refuses a path that leads through a
 * link of the tree (write usr/lib, not lib) and a file where the tree has a
 * folder.  Editors' leftovers (NAME~, .gitkeep, a README.md at the top) stay out. */
_must_check_ int overlay_lay(const char *from, const char *tree, struct error *error);

#endif
