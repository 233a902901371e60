// SPDX-License-Identifier: GPL-3.0-or-later
/* The service: one loop over its sockets and the journal, in one thread. */
#ifndef POSTCASK_GUARD_SERVICE_H
#define POSTCASK_GUARD_SERVICE_H

#include "guard/guard.h"

enum { SERVICE_PEERS = 128 }; /* Dovecot has at most 100; the one idle for longest goes */

struct service_paths {
	const char *control; /* a socket that it makes */
	const char *journal; /* a folder; NULL: the machine's */
	const char *wanted;  /* empty when the settings do not want it any more; may be NULL */
	unsigned port;	     /* of 127.0.0.1 */
};

/* Serves until SIGTERM or SIGINT; the guard has begun and is ended here. */
_must_check_ int guard_serve(struct guard *guard, const struct service_paths *paths,
			     struct error *error);

#endif
