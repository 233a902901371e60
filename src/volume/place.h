// SPDX-License-Identifier: GPL-3.0-or-later
/* The folders below /var that a volume of its own may be mounted at, above or below, and
 * what depends on each.  A new folder of mail is a line here. */
#ifndef POSTCASK_PLACE_H
#define POSTCASK_PLACE_H

#include <stdbool.h>
#include <stddef.h>

struct place {
	const char *path;
	const char *without;  /* what it means that its volume is not there */
	const char *units[7]; /* whose view of it is that of their start; ends with NULL */
};

/* Where messages lie. */
struct mail_place {
	const char *path;
	const char *what;
	bool
	    shown; /* to people, as their mailbox: an empty one would be taken for the loss of it */
};

extern const struct place places[];
extern const size_t place_count;
extern const struct mail_place mail_places[];
extern const size_t mail_place_count;

/* Is `path` the folder itself, or below it? */
bool path_covers(const char *folder, const char *path);

/* Is the mount point one of the places, or below one? */
bool place_contains(const char *mount_point);

/* The next place after `previous` (NULL: the first) that is at, above or below the mount
 * point; NULL at the end. */
const struct place *place_next(const char *mount_point, const struct place *previous);

#endif
