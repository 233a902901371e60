// SPDX-License-Identifier: GPL-3.0-or-later
/* Debian's packages, by the host's apt with a state of its own: nothing of the
 * host's package database is read or changed, but its proxy settings hold. */
#ifndef POSTCASK_IMAGE_APT_H
#define POSTCASK_IMAGE_APT_H

#include <stdbool.h>

#include "image/build.h"
#include "image/package_list.h"

/* Fetches the package lists unless they are younger than half a day.  The Debian
 * mirror is the build's, else the one of the host's own sources, else
 * debootstrap's default. */
_must_check_ int apt_update(const struct build *build, int log, struct error *error);

/* Finds the packages and (with `depends`) all they depend on.  One line each:
 * "URI FILE SIZE SHA256", sorted; FILE is the name it gets in apt_debs_path.
 * `essential` adds the packages every Debian has. */
_must_check_ int apt_resolve(const struct build *build, const struct package_list *packages,
			     bool depends, bool essential, char **ret_lines, struct error *error);

/* Fetches what is in `lines` and not there yet, checking every SHA-256. */
_must_check_ int apt_download(const struct build *build, const char *lines, int log,
			      struct error *error);

/* The stanzas of `lines` as a Packages file for a flat repository. */
_must_check_ int apt_index(const struct build *build, const char *lines, char **ret_index,
			   struct error *error);

/* The next line of apt_resolve's answer: its file name, owned by the caller;
 * NULL at the end. */
char *apt_line_file(const char **lines);

#endif
