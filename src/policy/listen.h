// SPDX-License-Identifier: GPL-3.0-or-later
/* The sockets of a service: those where it is asked, and the one to the resolver. */
#ifndef POSTCASK_POLICY_LISTEN_H
#define POSTCASK_POLICY_LISTEN_H

#include "base/error.h"

/* A unix socket at `path`, in a folder of its own, that every account of the machine may connect
 * to; what an earlier life left there goes.  *ret_fd does not wait. */
_must_check_ int listen_at(const char *path, int *ret_fd, struct error *error);

/* A socket for datagrams to and from the resolver alone, at a numeric address. */
_must_check_ int listen_resolver(const char *address, unsigned port, int *ret_fd,
				 struct error *error);

/* Connects to a socket, so that whoever listens there wakes, and says nothing; nobody there is
 * nobody to wake. */
void listen_wake(const char *path);

#endif
