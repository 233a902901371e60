// SPDX-License-Identifier: GPL-3.0-or-later
/* Mount points at, above or below our places, as a table in fstab(5)'s format names them:
 * /etc/fstab, what is to be; /proc/self/mounts, what is. */
#ifndef POSTCASK_MOUNT_LIST_H
#define POSTCASK_MOUNT_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct mount_list {
	char **paths; /* owned; each once, in the table's order */
	size_t count;
};

#define MOUNT_LIST_INIT ((struct mount_list){0})

/* Reads the table; a missing one is empty.  The root and /var, without which there is no
 * boot, are left out, and so is an automount point that nothing is mounted at yet. */
_must_check_ int mount_list_read(const char *table, struct mount_list *ret, struct error *error);

_must_check_ int mount_list_add(struct mount_list *list, const char *path, struct error *error);
bool mount_list_has(const struct mount_list *list, const char *path);
bool mount_list_equal(const struct mount_list *one, const struct mount_list *other);
void mount_list_free(struct mount_list *list);

#endif
