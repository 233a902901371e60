// SPDX-License-Identifier: GPL-3.0-or-later
/* The service: one loop over its sockets, in one thread, that never waits for one of them.
 *
 * Whatever it cannot say in time it does not say: the filter and Postfix go on without it. */
#ifndef POSTCASK_POLICY_SERVICE_H
#define POSTCASK_POLICY_SERVICE_H

#include "base/error.h"

enum {
	/* More are turned away.  Each of Postfix's 500 processes has one connection for each line
	 * that asks: two, 100 of them three, and those that were asked for an alias that is not for
	 * everybody one more.  The unit lets it have as many files. */
	SERVICE_CLIENTS = 1600,
};

struct service_paths {
	const char *filter, *postfix; /* sockets that it makes */
	const char *oracle;	      /* socket that it asks */
	const char *store;	      /* file */
	const char *known;	      /* file of versions before the store; NULL: none */
	const char *limits;	      /* file of the settings; NULL: none */
	const char *held;	      /* file of who is held */
	const char *accounts;	      /* postcask-directory's file */
	const char *hold;	      /* socket of who sees to their queue, and tells them */
	const char *filter_account;   /* who may say who was written to, besides root and itself */
	const char *resolver;	      /* numeric address */
	unsigned resolver_port;
};

/* Serves until SIGTERM or SIGINT. */
_must_check_ int service_run(const struct service_paths *paths, struct error *error);

#endif
