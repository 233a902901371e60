// SPDX-License-Identifier: GPL-3.0-or-later
/* apt with a state of its own: where Debian's archive is, and CACHE/apt/apt.conf. */
#ifndef POSTCASK_IMAGE_APT_CONFIGURATION_H
#define POSTCASK_IMAGE_APT_CONFIGURATION_H

#include "image/build.h"

/* Writes CACHE/apt/apt.conf and CACHE/apt/sources.list and makes the folders they
 * name.  The archive is the build's mirror, else the one of the host's own
 * sources, else debootstrap's default; security updates stand beside it. */
_must_check_ int apt_configuration_write(const struct build *build, struct error *error);

#endif
