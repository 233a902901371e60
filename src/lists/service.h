// SPDX-License-Identifier: GPL-3.0-or-later
/* The service: one loop over postscreen's questions, the resolver's answers and the tests. */
#ifndef POSTCASK_LISTS_SERVICE_H
#define POSTCASK_LISTS_SERVICE_H

#include "base/error.h"

enum { LISTS_VISITS = 256 };

struct lists_paths {
	const char *lists;  /* what was rendered of the settings */
	const char *socket; /* where postscreen asks */
	const char *state;  /* what a next life takes over */
	const char *report; /* what everybody may know */
	const char *resolver;
	unsigned resolver_port;
	unsigned hurry;		    /* for tests: see struct life */
	const char *client_account; /* who may ask, beside root and its own */
};

/* Until SIGTERM. */
_must_check_ int lists_run(const struct lists_paths *paths, struct error *error);

#endif
