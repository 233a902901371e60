// SPDX-License-Identifier: GPL-3.0-or-later
/* Which names the machine's authority may sign for: X.509 name constraints (RFC 5280
 * section 4.2.1.10).  People import its certificate into their clients; without them
 * whoever takes its key could be any bank to these. */
#ifndef POSTCASK_AUTHORITY_NAMES_H
#define POSTCASK_AUTHORITY_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/x509.h>

/* DNS names (A-labels, lower case); each stands for the names below it as well. */
struct authority_names {
	const char *const *names;
	size_t count;	/* the first ones: those that certificates are made for now */
	size_t domains; /* after them: those that they may be made for one day */
};

/* Adds the constraints and the purpose, TLS servers alone; false when out of memory. */
bool authority_names_put(X509 *certificate, const struct authority_names *names);

/* May it sign for DNS names only, and only for some? */
bool authority_is_constrained(X509 *certificate);

/* May it sign for all of the first `count` names? */
bool authority_permits(X509 *certificate, const struct authority_names *names);

#endif
