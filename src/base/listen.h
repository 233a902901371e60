// SPDX-License-Identifier: GPL-3.0-or-later
/* What a service waits for: the signals that end it, those who ask it at a socket, and answers of
 * the resolver. */
#ifndef POSTCASK_BASE_LISTEN_H
#define POSTCASK_BASE_LISTEN_H

#include <sys/types.h>

#include "base/error.h"

/* Blocks SIGTERM and SIGINT, so that *ret_fd (signalfd(2), which does not wait) is readable when
 * the service is to end; SIGPIPE is ignored. */
_must_check_ int listen_end(int *ret_fd, struct error *error);

/* A unix socket at `path`, in a folder of its own, of that mode; what an earlier life left there
 * goes.  At most `waiting` wait to be taken.  *ret_fd does not wait. */
_must_check_ int listen_at(const char *path, mode_t mode, int waiting, int *ret_fd,
			   struct error *error);

/* A socket for datagrams to and from the resolver alone, at a numeric address. */
_must_check_ int listen_resolver(const char *address, unsigned port, int *ret_fd,
				 struct error *error);

/* Connects to a socket, so that whoever listens there wakes, and says nothing; nobody there is
 * nobody to wake. */
void listen_wake(const char *path);

#endif
