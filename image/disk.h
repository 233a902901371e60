// SPDX-License-Identifier: GPL-3.0-or-later
/* The disk: where its partitions lie, and its frame without file systems. */
#ifndef POSTCASK_IMAGE_DISK_H
#define POSTCASK_IMAGE_DISK_H

#include <stdint.h>

#include "image/build.h"

enum { DISK_SECTOR = 512, DISK_ROOT_NUMBER = 3, DISK_VAR_NUMBER = 4 };

enum disk_partition { DISK_BIOS, DISK_ESP, DISK_ROOT, DISK_VAR, DISK_PARTITIONS };

struct disk_layout {
	struct {
		int64_t offset; /* bytes */
		int64_t size;	/* bytes */
	} partitions[DISK_PARTITIONS];
	int64_t size; /* of the whole disk, bytes */
};

/* The partitions for this build: /var last, with room for the signatures. */
void disk_layout_make(const struct build *build, struct disk_layout *layout);

/* All that decides the frame, as text for its cache key; owned by the caller. */
char *disk_layout_describe(const struct build *build);

#endif
