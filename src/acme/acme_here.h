// SPDX-License-Identifier: GPL-3.0-or-later
/* Whether a name leads to this machine, as its own resolver sees it.  A name that does not cannot
 * be proved by http-01, and each attempt counts against what the authority allows. */
#ifndef POSTCASK_ACME_HERE_H
#define POSTCASK_ACME_HERE_H

#include <stdbool.h>

#include <jansson.h>

#include "base/error.h"

enum here {
	HERE_YES,
	HERE_NO,
	HERE_UNKNOWN, /* the resolver does not say */
};

/* The addresses that count as this machine's, as an array of strings: those of its interfaces and
 * dns.addresses of the settings.  A new reference. */
_must_check_ int here_addresses(const json_t *settings, json_t **ret, struct error *error);

/* Asks, at most 5 seconds.  One address of ours is enough.  A machine that has no public address
 * stands behind a translation of addresses unless dns.addresses says more: any public address
 * counts there.  `ret_sentence` (owned) says what is wrong and what to publish. */
enum here here_ask(const char *name, const json_t *addresses, char **ret_sentence);

#endif
