// SPDX-License-Identifier: GPL-3.0-or-later
/* Of accounts.h: mailboxes that nobody logs in to and several people share, who they are, and who
 * may send as whom.
 *
 * A shared mailbox is an account without a password, with a row of its own that says so.  A member
 * is known by his login and need not be there: he counts from when he is. */
#ifndef POSTCASK_DIRECTORY_ACCOUNTS_SHARED_H
#define POSTCASK_DIRECTORY_ACCOUNTS_SHARED_H

#include "directory/accounts.h"

enum {
	ACCOUNTS_MEMBERS = 1000, /* of a shared mailbox, as in the settings */
	/* Bytes of all that somebody is a member of: Dovecot takes 8,192 of all there is to say of
	 * a person. */
	ACCOUNTS_MEMBERSHIPS = 6000,
};

/* How somebody sends as another: with nothing that shows it, or as "on behalf of". */
#define SENDER_AS     "as"
#define SENDER_BEHALF "behalf"

struct member {
	const char *address; /* the shared mailbox's */
	const char *login;
	const char *role; /* of sharing/role.h */
	const char *send; /* "as", "behalf", "no", or "role": as the role has it */
};

/* What accounts_find gives, with "members": [{"who", "role", "send"}]; NULL where there is none. */
_must_check_ int accounts_find_shared(struct accounts *accounts, const char *address, json_t **ret,
				      struct error *error);
_must_check_ int accounts_list_shared(struct accounts *accounts, const char *domain, json_t *list,
				      struct error *error);

/* Adds the addresses alone. */
_must_check_ int accounts_list_shared_addresses(struct accounts *accounts, json_t *list,
						struct error *error);

/* Adds {"address", "role", "send"} of what he is a member of. */
_must_check_ int accounts_list_memberships(struct accounts *accounts, const char *login,
					   json_t *list, struct error *error);

/* Makes an account that is there a shared mailbox. */
_must_check_ int accounts_put_shared(struct accounts *accounts, const char *address,
				     struct error *error);

/* -EINVAL for a role or a way to send that is none, and where somebody is a member of more than can
 * be. */
_must_check_ int accounts_put_member(struct accounts *accounts, const struct member *member,
				     struct error *error);
/* -ENOENT if he is none. */
_must_check_ int accounts_drop_member(struct accounts *accounts, const char *address,
				      const char *login, struct error *error);

/* Whom he may also send as, by command: these and no others. */
_must_check_ int accounts_put_senders(struct accounts *accounts, const char *login,
				      const char *mode, const json_t *list, struct error *error);
/* The same, whoever said it; without shared mailboxes. */
_must_check_ int accounts_list_senders(struct accounts *accounts, const char *login,
				       const char *mode, json_t *list, struct error *error);

/* Adds ["login", "as" or "behalf", "address"] of everybody. */
_must_check_ int accounts_list_all_senders(struct accounts *accounts, json_t *list,
					   struct error *error);

/* What commands made of an address that is gone, whatever its part was. */
_must_check_ int accounts_forget_parts(struct accounts *accounts, const char *address,
				       struct error *error);

#endif
