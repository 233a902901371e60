// SPDX-License-Identifier: GPL-3.0-or-later
/* Files on disk: read with a limit, replaced whole or not at all. */
#ifndef POSTCASK_FILE_H
#define POSTCASK_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/error.h"

/* Reads a whole file of at most `limit` bytes ("-" is standard input).
 * *ret_text is owned by the caller and NUL-terminated; *ret_size may be NULL.
 * -EFBIG when it is larger. */
_must_check_ int file_read(const char *path, size_t limit, char **ret_text, size_t *ret_size,
			   struct error *error);

/* As file_read, of a file in a folder that another account owns: that account chooses what
 * lies there under the name, so it is followed nowhere and waited for by nobody.  -ELOOP for
 * a link, -EINVAL for what is no plain file, or one that has another name elsewhere. */
_must_check_ int file_read_foreign(const char *path, size_t limit, char **ret_text,
				   size_t *ret_size, struct error *error);

/* connect(2) of `fd` to the unix socket at `path`, in a folder that another account may own: it
 * is a socket, and no link to one of somebody else's. */
_must_check_ int file_connect(int fd, const char *path);

/* Replaces `path` atomically: a temporary name in the same folder, write,
 * fchmod, fchown (unless both ids are -1), fsync, rename, fsync of the folder.
 * After a power cut there is the old file or the new one. */
_must_check_ int file_replace(const char *path, const void *bytes, size_t size, mode_t mode,
			      uid_t uid, gid_t gid, struct error *error);

/* Replaces (or makes) the symbolic link `path` by the same rename. */
_must_check_ int file_replace_link(const char *path, const char *target, struct error *error);

/* Makes a folder and its missing parents with `mode`; an existing one is left
 * as it is. */
_must_check_ int file_make_folders(const char *path, mode_t mode, struct error *error);

/* fsync of a folder, so that names made in it last. */
_must_check_ int file_sync_folder(const char *path, struct error *error);

/* Removes a file or a whole tree below `path`; a missing one is no error. It
 * never follows symbolic links. */
_must_check_ int file_remove_tree(const char *path, struct error *error);

/* Opens or makes the file `path` (0600) and takes flock(LOCK_EX) of it, waiting
 * at most `timeout_ms` (0: not at all).  *ret_fd holds the lock until it is
 * closed (and in every forked child).  The holder's name and process id
 * are the file's content, for the sentence of a waiter; nothing depends on it.
 * -ETIME when it was not to be had; *ret_fd is then untouched.  It uses SIGALRM
 * while it waits, and leaves it as it found it. */
_must_check_ int file_lock(const char *path, int timeout_ms, int *ret_fd, struct error *error);

/* Writes everything, however often write(2) stops short.  Negative errno. */
_must_check_ int file_write_all(int fd, const void *bytes, size_t size);

bool file_exists(const char *path);

/* Whether two looks at a path that is only ever replaced found the same file: each is one of its
 * own, and two of one moment are no less. */
bool file_same(const struct stat *one, const struct stat *other);

/* The folder part of a path: "." for a bare name.  Owned by the caller, NULL when
 * out of memory. */
char *path_folder(const char *path);

/* "a/b" from "a" and "b"; owned by the caller, NULL when out of memory. */
char *file_join(const char *folder, const char *name);

#endif
