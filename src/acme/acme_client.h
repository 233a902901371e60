// SPDX-License-Identifier: GPL-3.0-or-later
/* The side that speaks to the authority, as the account postcask-acme: takes orders, has uacme(1)
 * see to each, and leaves what came of them (acme/acme_order.h). */
#ifndef POSTCASK_ACME_CLIENT_H
#define POSTCASK_ACME_CLIENT_H

#include "base/error.h"

struct acme_client {
	const char *orders; /* the file */
	const char *folder; /* ours: the account's key, requests, certificates, results */
	const char *hook;   /* the program that answers challenges */
	const char *eab;    /* the library that gives uacme its binding */
};

/* All orders, one after the other; ends at one at which the authority could not be reached, and
 * asks nothing more for names that it has just refused.  Fails when no result could be left. */
_must_check_ int acme_client_run(const struct acme_client *client, struct error *error);

#endif
