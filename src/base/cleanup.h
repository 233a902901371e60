// SPDX-License-Identifier: GPL-3.0-or-later
/* Ownership by scope: a variable marked _cleanup_* gives back what it holds
 * when it leaves scope.  Used as systemd does it; see cleanup attribute, GCC
 * manual 6.33.1. */
#ifndef POSTCASK_CLEANUP_H
#define POSTCASK_CLEANUP_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define _cleanup_(function)	__attribute__((cleanup(function)))
#define _cleanup_free_		_cleanup_(cleanup_free)
#define _cleanup_close_		_cleanup_(cleanup_close)
#define _cleanup_fclose_	_cleanup_(cleanup_fclose)
#define _cleanup_closedir_	_cleanup_(cleanup_closedir)
#define _must_check_		__attribute__((warn_unused_result))
#define _printf_(string, first) __attribute__((format(printf, string, first)))
#define _unused_		__attribute__((unused))

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

static inline void cleanup_free(void *pointer)
{
	free(*(void **)pointer);
}

static inline void cleanup_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void cleanup_fclose(FILE **stream)
{
	if (*stream)
		fclose(*stream);
}

static inline void cleanup_closedir(DIR **directory)
{
	if (*directory)
		closedir(*directory);
}

/* Hands the value over to the caller: the variable no longer owns it. */
#define TAKE_POINTER(pointer)                                                                      \
	({                                                                                         \
		__typeof__(pointer) taken_ = (pointer);                                            \
		(pointer) = NULL;                                                                  \
		taken_;                                                                            \
	})
#define TAKE_FD(fd)                                                                                \
	({                                                                                         \
		int taken_ = (fd);                                                                 \
		(fd) = -1;                                                                         \
		taken_;                                                                            \
	})

#endif
