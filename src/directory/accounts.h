// SPDX-License-Identifier: GPL-3.0-or-later
/* The file of who is here: domains, people and their mailboxes, aliases, and who may send as whom.
 * Postfix, Dovecot's account, amavis and the quarantine read its views; it holds no secrets.
 *
 * A person or an alias is of the settings, of a command, of a directory server or of a database,
 * and only where he came from changes him.  What is changed is changed between cabinet_begin and
 * cabinet_end of `cabinet`. */
#ifndef POSTCASK_DIRECTORY_ACCOUNTS_H
#define POSTCASK_DIRECTORY_ACCOUNTS_H

#include "base/slice.h"
#include "directory/cabinet.h"

#define ORIGIN_SETTINGS "settings"
#define ORIGIN_COMMAND	"command"
#define ORIGIN_LDAP	"ldap"
#define ORIGIN_DATABASE "postgresql"

enum {
	ACCOUNTS_NAME = 200,	   /* bytes of a person's name, as in the settings */
	ACCOUNTS_TARGETS = 1000,   /* of an alias, likewise */
	ACCOUNTS_WRITERS = 1000,   /* likewise */
	ACCOUNTS_FORWARDS = 100,   /* likewise */
	ACCOUNTS_HEIGHT = 1000,	   /* aliases in a row, likewise */
	ACCOUNTS_QUOTA = 16777216, /* MiB, likewise */
	ACCOUNTS_MESSAGES = 1000000000,
};

struct accounts {
	struct cabinet cabinet;
	bool labels; /* what is a label has changed, and accounts_settle has to look */
};

struct account {
	const char *address;	/* in small letters, its domain as A-labels */
	const char *name;	/* of the person; "" is none */
	int64_t quota_mib;	/* 0: no limit */
	int64_t quota_messages; /* likewise */
	bool enabled;		/* whether he may log in; his mailbox takes mail in any case */
	const json_t *forward;	/* where his mail goes on; NULL or empty: nowhere */
	bool forward_keep;	/* and stays in the mailbox */
	const char *language;	/* such as "de" or "en-GB" (RFC 5646); "" is not known */
};

_must_check_ int accounts_open(struct accounts *accounts, const char *path, struct error *error);
void accounts_close(struct accounts *accounts);

/* ---- Looking ---- */

/* Whether there is a person of that address. */
_must_check_ int accounts_has(struct accounts *accounts, const char *address, bool *ret,
			      struct error *error);

/* Whether a domain is ours; with `people`, one that may have users, and not aliases alone. */
_must_check_ int accounts_has_domain(struct accounts *accounts, const char *domain, bool people,
				     bool *ret, struct error *error);

/* Whether an address is somebody's, a person's or an alias. */
_must_check_ int accounts_has_resident(struct accounts *accounts, const char *address, bool *ret,
				       struct error *error);

/* Of which domain one is another name: the caller's, NULL where it is a domain itself. */
_must_check_ int accounts_other_name(struct accounts *accounts, const char *domain, char **ret,
				     struct error *error);

/* {address, origin, name, quota_mib, quota_messages, enabled, created, forward, forward_keep,
 * language, kind: "person" or "shared", format}, or for an alias {address, origin, to, who, opens};
 * NULL where there is none.  `who` alone may write to it, nobody in it is anyone; `opens` are
 * aliases of fewer writers that one for anyone leads to. */
_must_check_ int accounts_find(struct accounts *accounts, const char *address, json_t **ret,
			       struct error *error);
_must_check_ int accounts_find_alias(struct accounts *accounts, const char *address, json_t **ret,
				     struct error *error);

/* Adds the same of all, by address; of one domain, or of all with NULL.  Of accounts those of
 * people. */
_must_check_ int accounts_list(struct accounts *accounts, const char *domain, json_t *list,
			       struct error *error);
_must_check_ int accounts_list_aliases(struct accounts *accounts, const char *domain, json_t *list,
				       struct error *error);

/* Adds {name, people, alias_of, users, aliases, catch_all, catch_all_origin} of one domain, or of
 * all with NULL. */
_must_check_ int accounts_list_domains(struct accounts *accounts, const char *domain, json_t *list,
				       struct error *error);

/* Adds {address, since} of those who were removed and whose mail was kept. */
_must_check_ int accounts_list_gone(struct accounts *accounts, json_t *list, struct error *error);

/* Adds the addresses of all people and aliases. */
_must_check_ int accounts_list_residents(struct accounts *accounts, json_t *list,
					 struct error *error);

/* Adds addresses that the settings have and a command had made before, whose is the one in force;
 * and aliases that lead back to themselves. */
_must_check_ int accounts_list_doubles(struct accounts *accounts, json_t *list,
				       struct error *error);
_must_check_ int accounts_list_loops(struct accounts *accounts, json_t *list, struct error *error);

_must_check_ int accounts_count(struct accounts *accounts, int64_t *ret_people,
				int64_t *ret_aliases, struct error *error);
_must_check_ int accounts_count_shared(struct accounts *accounts, int64_t *ret,
				       struct error *error);

/* Adds the aliases, and who forwards, that lead to an address. */
_must_check_ int accounts_list_leading(struct accounts *accounts, const char *address, json_t *list,
				       struct error *error);

/* ---- Changing ---- */

/* Makes him, or makes him what he now is. */
_must_check_ int accounts_put(struct accounts *accounts, const struct account *account,
			      const char *origin, int64_t now, struct error *error);

/* His mail stays, and is listed. */
_must_check_ int accounts_drop(struct accounts *accounts, const char *address, int64_t now,
			       struct error *error);

/* `to`: a list of addresses, in the order in which they are shown.  `who`: those who alone may
 * write to it; NULL or empty is anyone. */
_must_check_ int accounts_put_alias(struct accounts *accounts, const char *address,
				    const char *origin, const json_t *to, const json_t *who,
				    struct error *error);
_must_check_ int accounts_drop_alias(struct accounts *accounts, const char *address,
				     struct error *error);

/* Who gets what nobody else in the domain does; NULL: nobody. */
_must_check_ int accounts_put_catch_all(struct accounts *accounts, const char *domain,
					const char *target, const char *origin,
					struct error *error);
_must_check_ int accounts_has_catch_all(struct accounts *accounts, const char *domain, bool *ret,
					struct error *error);

/* After changes of people and aliases: what an alias's target is without its label. */
_must_check_ int accounts_settle(struct accounts *accounts, struct error *error);

/* Whether an alias leads back to itself. */
_must_check_ int accounts_leads_back(struct accounts *accounts, const char *address, bool *ret,
				     struct error *error);

/* Finds all that do, for accounts_list_loops. */
_must_check_ int accounts_find_loops(struct accounts *accounts, struct error *error);

/* ---- What the settings say, all at once (apply.c) ---- */

/* Forgets domains, aliases, senders and doubles of the settings; notes who of the people is seen
 * from now on. */
_must_check_ int accounts_begin_settings(struct accounts *accounts, struct error *error);
_must_check_ int accounts_add_domain(struct accounts *accounts, const char *domain, bool people,
				     struct error *error);
_must_check_ int accounts_set_other_name(struct accounts *accounts, const char *domain,
					 const char *of, struct error *error);

/* A sentence where somebody has an address by another name of a domain. */
_must_check_ int accounts_check_other_names(struct accounts *accounts, struct error *error);

/* mode: SENDER_AS or SENDER_BEHALF (accounts_shared.h). */
_must_check_ int accounts_add_sender(struct accounts *accounts, const char *login, const char *as,
				     const char *mode, struct error *error);
_must_check_ int accounts_add_double(struct accounts *accounts, const char *address,
				     struct error *error);
_must_check_ int accounts_see(struct accounts *accounts, const char *address, struct error *error);

/* Removes the people of the settings who were not seen. */
_must_check_ int accounts_end_settings(struct accounts *accounts, int64_t now, struct error *error);

/* A word about what was done, for the next start: *ret is the caller's, "" where there is none. */
_must_check_ int accounts_remember(struct accounts *accounts, const char *key, const char *value,
				   struct error *error);
_must_check_ int accounts_recall(struct accounts *accounts, const char *key, char **ret,
				 struct error *error);

#endif
