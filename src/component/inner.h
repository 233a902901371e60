// SPDX-License-Identifier: GPL-3.0-or-later
/* The inner ports that more than one part knows: on the loopback, without a login, each of
 * the mail path for the account that has business there (firewall/ruleset.h).  Their names are
 * those of the components that listen. */
#ifndef POSTCASK_COMPONENT_INNER_H
#define POSTCASK_COMPONENT_INNER_H

enum inner_port {
	INNER_DNS = 53,
	INNER_INCOMING = 10024,	   /* into the filter: from the world */
	INNER_FILTERED = 10025,	   /* out of it, back to Postfix */
	INNER_SUBMITTED = 10026,   /* into the filter: from our users */
	INNER_LOCAL = 10027,	   /* into the filter: from this machine */
	INNER_SIEVE = 10028,	   /* what Dovecot sends: redirects and answers of filter rules */
	INNER_SIGNED = 10029,	   /* out of the filter, for OpenDKIM to sign */
	INNER_SRS_FORWARD = 10001, /* postsrsd: a sender made into an address of this machine */
	INNER_SRS_REVERSE = 10002, /* and such an address into the sender again */
	INNER_FORWARDED = 10030,   /* Postfix to itself: what leaves with a sender made so */
	INNER_GUARD = 10040,	   /* where Dovecot tells how each login ended */
	INNER_TOKENS = 10041,	   /* where it asks whether a token is good */
	INNER_WEB = 10080,	   /* the web server, as it is asked whether it hangs */
};

#endif
