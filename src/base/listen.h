// SPDX-License-Identifier: GPL-3.0-or-later
/* What a service waits for: the signals that end it, those who ask it at a socket, and answers of
 * the resolver. */
#ifndef POSTCASK_BASE_LISTEN_H
#define POSTCASK_BASE_LISTEN_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/buffer.h"
#include "base/error.h"

/* Blocks SIGTERM and SIGINT, so that *ret_fd (signalfd(2), which does not wait) is readable when
 * the service is to end; SIGPIPE is ignored. */
_must_check_ int listen_end(int *ret_fd, struct error *error);

/* The same with one signal more. */
_must_check_ int listen_end_and(int number, int *ret_fd, struct error *error);

/* A unix socket at `path`, in a folder of its own, of that mode; what an earlier life left there
 * goes.  At most `waiting` wait to be taken.  *ret_fd does not wait. */
_must_check_ int listen_at(const char *path, mode_t mode, int waiting, int *ret_fd,
			   struct error *error);

/* A socket for datagrams to and from the resolver alone, at a numeric address. */
_must_check_ int listen_resolver(const char *address, unsigned port, int *ret_fd,
				 struct error *error);

/* At a port of the loopback, by TCP; `waiting` as listen(2) has it.  It does not block. */
_must_check_ int listen_loopback(unsigned port, int waiting, int *ret_fd, struct error *error);

/* Sends of the output, from *sent on, what goes without waiting; all of it sent, it is empty and
 * *sent 0.  False: nobody is there any more. */
_must_check_ bool listen_send(int fd, struct buffer *output, size_t *sent);

/* Connects to a socket, so that whoever listens there wakes, and says nothing; nobody there is
 * nobody to wake. */
void listen_wake(const char *path);

#endif
