// SPDX-License-Identifier: GPL-3.0-or-later
/* What is installed beside the programs and is no program. */
#ifndef POSTCASK_BASE_SHARE_H
#define POSTCASK_BASE_SHARE_H

/* The path of `name` in share/postcask/: beside the folder that this program is in, as after
 * `make install` and in build/, or else in /usr, whether it is there or not.  The caller frees
 * it; NULL when out of memory. */
char *share_path(const char *name);

#endif
