// SPDX-License-Identifier: GPL-3.0-or-later
/* The rules of what settings mean together (settings/meaning.h): one table a group, in a
 * file of its own, meaning_GROUP.c.  A rule is the sentence that postcask-settings(5)
 * prints of it and the function that sees to it.  They are applied in order; a new one is
 * a row and its function. */
#ifndef POSTCASK_RULE_H
#define POSTCASK_RULE_H

#include "settings/mailbook.h"
#include "settings/meaning.h"

/* What is known while the rules are applied in their order. */
struct check {
	const struct meaning *meaning;
	struct diagnostics *diagnostics;
	json_t *settings;
	struct names domains; /* domain -> mark of its item */
	struct names others;  /* another name -> the domain whose it is */
	struct names caught;  /* domains that have a catch-all */
	const char *hostname; /* NULL: unknown */
	struct mailbook book;
	struct names behind; /* recipients of the server behind -> their text; of a gateway */
};

struct rule {
	/* Keys in it stand between backquotes; while one of them comes in a later version,
	 * the manual leaves the rule out.  NULL ends a table. */
	const char *sentence;
	/* Says what is wrong, also of settings that have errors already, and fills in what
	 * follows.  0 or -ENOMEM. */
	int (*apply)(struct check *check);
};

extern const struct rule meaning_name[], meaning_role[], meaning_address[], meaning_tls[],
    meaning_relay[], meaning_filter[], meaning_sender[], meaning_dns[], meaning_web[],
    meaning_sharing[], meaning_shared[], meaning_oauth[], meaning_domain[], meaning_writer[],
    meaning_ldap[];

/* All of them; NULL ends it. */
extern const struct rule *const meaning_rules[];

/* A number of the code in a sentence. */
#define RULE_NUMBER(number)  RULE_NUMBER_(number)
#define RULE_NUMBER_(number) #number

/* The text of a member, or NULL. */
const char *rule_text(const json_t *object, const char *key);

/* The place of `mail:`; that of a member, or of its parent when it is not written. */
struct mark rule_mail_mark(const struct check *check);
struct mark rule_mark(const struct node *parent, const char *key);

bool rule_is_role(const struct check *check, const char *role);

/* Whether people have their mailboxes here. */
bool rule_has_mailboxes(const struct check *check);

/* Of which domain this is another name; NULL: of none. */
const char *rule_other_name(const struct check *check, const char *domain);

/* Whether mail to the domain is this server's. */
bool rule_is_local_domain(const struct check *check, const char *domain, bool with_hostname);

#endif
