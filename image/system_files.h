// SPDX-License-Identifier: GPL-3.0-or-later
/* The files of the image that the builder knows best: where its file systems
 * and its packages come from, and what it is. */
#ifndef POSTCASK_IMAGE_SYSTEM_FILES_H
#define POSTCASK_IMAGE_SYSTEM_FILES_H

#include "image/build.h"

enum { UUID_SIZE = 37 };

/* A new random UUID (RFC 9562 version 4). */
_must_check_ int uuid_make(char uuid[UUID_SIZE], struct error *error);

/* Writes fstab, grub.cfg, the package sources, the name before cloud-init gives
 * one, and the image's name and version into os-release. */
_must_check_ int system_files_write(const struct build *build, const char *tree,
				    const char *root_uuid, const char *var_uuid,
				    struct error *error);

/* Says that /etc and /var match /usr as it is now: the last change to the tree. */
_must_check_ int update_stamps_write(const char *tree, struct error *error);

/* Copies --signatures into the tree, readable by clamd; nothing without it. */
_must_check_ int signatures_copy(const struct build *build, const char *tree, int log,
				 struct error *error);

#endif
