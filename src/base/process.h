// SPDX-License-Identifier: GPL-3.0-or-later
/* External commands: run with a deadline, their output kept up to a limit.  No
 * shell is involved; arguments are passed as they are.  Secrets go in through
 * standard input, never as arguments. */
#ifndef POSTCASK_PROCESS_H
#define POSTCASK_PROCESS_H

#include "base/buffer.h"
#include "base/error.h"

struct process {
	const char *const *argv;	/* NULL-terminated; argv[0] is looked up in PATH */
	const char *const *environment; /* NULL-terminated, NULL: inherited */
	const char *directory;		/* working folder, NULL: as it is */
	const char *input;		/* standard input, NULL: /dev/null */
	size_t input_size;
	int timeout_ms;	     /* after it the whole process group is killed; > 0 */
	size_t output_limit; /* bytes of stdout and stderr kept, the rest is dropped; 0: 64 KiB */
	int output_fd;	     /* > 0: both streams go there instead of into `output` */
	/* Runs in the child just before exec (namespaces, credentials); returns
	 * 0 or a negative errno, which becomes the error. */
	int (*prepare)(void *context);
	void *context;
};

/* Becomes the account that owns `folder`, for good, and keeps no group but its own; nothing happens
 * but to root.  For what root asks of a program that works in a folder of another account. */
_must_check_ int process_become_owner(const char *folder, struct error *error);

/* Runs the command to its end.  Returns its exit status (0..255), or a negative
 * errno: -ETIME after the deadline, -EINTR when a signal killed it, what
 * execve(2) said.  `output` (may be NULL) receives stdout and stderr together.
 * error is set only for negative results. */
_must_check_ int process_run(const struct process *process, struct buffer *output,
			     struct error *error);

#endif
