// SPDX-License-Identifier: GPL-3.0-or-later
/* What settings mean together, after each value was found good by itself: names
 * that must be there, addresses that must not meet, aliases that must end
 * somewhere.  Also fills in what follows from other values:
 *
 *	hostname		from the cloud-config's fqdn or hostname
 *	hostname_is_domain	it stands in domains
 *	has_quota		a user has one
 *	postmaster		the first user
 *	users[]			password_prefix
 *	aliases[]		the derived postmaster@, abuse@ and root@
 *	filter			asked: postcask-policy has something to do; listing: there are
 *				blocklists; welcoming: some say who is welcome
 *	blocklists[]		item (the secret whole), zone, codes, weight
 *	sender_rows[]		address, owners: which logins may send as what
 *	limits			message_size_bytes, unpack_size_mib, scan_size_mib, read_size_mib;
 *				counted: there is one that postcask-policy counts
 *	smarthost		verified: the name on its certificate; implicit_tls: its port's
 *	reports			receiver: `to`, or the postmaster
 *	plus, plus_users	settings/plus.h
 *	own_letters and more	settings/letters.h
 *	here			what the role has here: mailboxes, logins, filter; asks: who exists,
 *				the server behind is asked; postmaster_elsewhere: that has him
 *	tls			offered: ciphers, groups, signatures; public
 *	search			indexed: there is an index; reading: of documents too; rows:
 *				its languages, with name, first, english
 *	services		web, where it is not written
 */
#ifndef POSTCASK_MEANING_H
#define POSTCASK_MEANING_H

#include <jansson.h>

#include "settings/node.h"

struct meaning {
	const struct node *cloud_config; /* the root: fqdn, hostname, mail */
	const struct node *mail;
	json_t *settings; /* of checker_check(mail); changed in place */
	struct diagnostics *diagnostics;
};

/* Says everything that is wrong; also on settings that already have errors.
 * -ENOMEM or 0. */
_must_check_ int meaning_check(const struct meaning *meaning);

#endif
