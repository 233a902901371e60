// SPDX-License-Identifier: GPL-3.0-or-later
/* Work that can be thrown away whole: done by a child that is the first process
 * of its own process and mount namespaces.  When it ends, however it ends, the
 * kernel kills every process it left and drops every mount it made, so that an
 * interrupted build leaves neither. */
#ifndef POSTCASK_IMAGE_SANDBOX_H
#define POSTCASK_IMAGE_SANDBOX_H

#include "base/error.h"

/* Runs `work` in the sandbox and waits for it.  SIGINT, SIGTERM and SIGHUP stop
 * it at once.  Returns what `work` returned (0..255), -EINTR after a signal, or
 * another negative errno. */
_must_check_ int sandbox_run(int (*work)(void *context), void *context, struct error *error);

/* For struct process's `prepare`: a network namespace of its own in which only
 * the loopback is up, and no effort to put anything on the disk at once
 * (fsync(2) and its like return 0 without doing it).  For what is built from
 * files at hand and thrown away when it fails. */
int sandbox_prepare_offline(void *context);

#endif
