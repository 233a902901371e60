// SPDX-License-Identifier: GPL-3.0-or-later
/* What settings mean together, after each value was found good by itself: names
 * that must be there, addresses that must not meet, aliases that must end
 * somewhere.  Also fills in what follows from other values:
 *
 *	hostname		from the cloud-config's fqdn or hostname
 *	hostname_is_domain	it stands in domains
 *	postmaster		the first user
 *	users[]			password_prefix, filter_rows (person_filter.h)
 *	aliases[]		the derived postmaster@, abuse@ and root@
 *	filter			asked: postcask-policy has something to do; listing: there are
 *				blocklists; welcoming: some say who is welcome
 *	blocklists[]		item (the secret whole), zone, codes, weight
 *	limits			message_size_bytes, unpack_size_mib, scan_size_mib, read_size_mib;
 *				counted: there is one that postcask-policy counts
 *	smarthost		verified: the name on its certificate; implicit_tls: its port's
 *	authentication.ldap	servers: all of `uri` in one; implicit_tls: they are ldaps://
 *	authentication		mirrored: people of another server are here; rules: they may
 *				have delivery rules
 *	reports			receiver: `to`, or the postmaster
 *	own_letters and more	settings/letters.h
 *	here			what the role has here: mailboxes, logins, filter;
 *				asks: the server behind is asked who exists;
 *				behind: its recipients are mirrored; postmaster_elsewhere:
 *				that has him
 *	tls			offered: ciphers, groups, signatures; public
 *	search			indexed: there is an index; reading: of documents too; rows:
 *				its languages, with name, first, english
 *	authentication.oauth	configuration: where the issuer says who it is
 *	services		web, where it is not written
 *	mailboxes		acl: Dovecot keeps rights of folders; roles: what members of
 *				shared mailboxes may, each {name, letters}
 *	public[].rights[]	id: in Dovecot's words; letters, kept_letters: sharing/role.h
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
