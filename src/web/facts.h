// SPDX-License-Identifier: GPL-3.0-or-later
/* What the pages say: facts of the settings and the certificates, as the templates below
 * share/postcask/web read them.
 *
 *	hostname, page		the one server of all domains, and its help page
 *	services		as in the settings
 *	incoming, outgoing	the ports that are on, the best first: type, label, port, socket,
 *				encryption, security, apple
 *	reads, sends		the first of each
 *	authority		name, base64, fingerprint; false when browsers need no such thing
 *	expires			of security.txt: within a year, another one each month
 *
 * and for one domain
 *
 *	domain, shown		as an A-label, and in its own letters
 *	contact			who reads there: postmaster@ is everywhere
 *	profile, uuids, qr	the address of the Apple profile; "" when it would be no use */
#ifndef POSTCASK_WEB_FACTS_H
#define POSTCASK_WEB_FACTS_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "certificate/certificate_pem.h"

struct web_facts {
	json_t *common;		 /* owned */
	struct key_chain signer; /* the server's RSA pair, or the given one */
	bool mailboxes;		 /* people have theirs here (role) */
	bool profiles;		 /* there is a server to read from and one to send by */
	bool public;		 /* other servers believe the certificate: keys/public.json */
};

#define WEB_FACTS_INIT ((struct web_facts){0})

/* From complete settings and the keys in `keys`; `now` in seconds since 1970. */
_must_check_ int web_facts_load(const json_t *settings, const char *keys, int64_t now,
				struct web_facts *ret, struct error *error);

/* All that a domain's pages read, a new reference. */
_must_check_ int web_facts_of(const struct web_facts *facts, const char *domain, json_t **ret,
			      struct error *error);

void web_facts_clear(struct web_facts *facts); /* for _cleanup_(web_facts_clear) */

#endif
