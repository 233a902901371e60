// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask-tls: one loop over its sockets, in one thread, that waits for none of them.
 *
 * systemd holds the sockets, so that Postfix finds one while this ends and starts again: who asks
 * meanwhile waits for a second.  What is not known in OUTWARD_ANSWER_MS is not said: Postfix goes
 * on as main.cf has it, with DANE or what is offered, unless a policy is known that is enforced. */
#ifndef POSTCASK_OUTWARD_SERVICE_H
#define POSTCASK_OUTWARD_SERVICE_H

#include "base/error.h"

enum {
	OUTWARD_CLIENTS = 400, /* more wait in the socket; Postfix has at most 200 at once */
	OUTWARD_ANSWER_MS = 3000,
	OUTWARD_IDLE_MS = 200 * 1000, /* Postfix lets go after 100 seconds */
};

struct outward_paths {
	const char *socket; /* that it makes when it was not given any */
	const char *store;
	const char *tally; /* of sessions; NULL: nobody wants it */
	const char *state; /* file: how domains are proved, for the report */
	const char *fetch; /* program */
	const char *authorities;
	const char *resolver; /* numeric address */
	unsigned resolver_port;
};

/* Serves until SIGTERM or SIGINT. */
_must_check_ int outward_serve(const struct outward_paths *paths, struct error *error);

#endif
