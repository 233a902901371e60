// SPDX-License-Identifier: GPL-3.0-or-later
/* Domains that are another name of one, and who gets what nobody else does. */
#include <errno.h>
#include <string.h>

#include "settings/rule.h"

static int check_other_name(struct check *check, const json_t *record, const struct node *node)
{
	const char *domain = rule_text(record, "domain"), *of = rule_text(record, "of");
	struct mark mark = node ? rule_mark(node, "domain") : rule_mail_mark(check);

	if (!domain || !of)
		return 0;
	if (!rule_has_mailboxes(check))
		diagnostics_error(check->diagnostics, mark,
				  "the mailboxes are not here, and who is there another server "
				  "knows; it has to know the other name too");
	else if (!rule_is_local_domain(check, domain, false) ||
		 !rule_is_local_domain(check, of, false))
		diagnostics_error(check->diagnostics, mark,
				  "%s is not one of the domains; add it to `domains`",
				  rule_is_local_domain(check, domain, false) ? of : domain);
	else if (!strcmp(domain, of))
		diagnostics_error(check->diagnostics, mark,
				  "%s is no other name of itself; write whose it is", domain);
	else if (rule_other_name(check, domain))
		diagnostics_error(check->diagnostics, mark,
				  "%s stands in domain_aliases already; write it once", domain);
	else
		return names_add(&check->others, domain, strlen(domain), of);
	return 0;
}

static int each_record(struct check *check, const char *key,
		       int (*look)(struct check *check, const json_t *record,
				   const struct node *node))
{
	const struct node *list = node_get(check->meaning->mail, key);
	const struct node *node = list ? list->first : NULL;
	const json_t *record;
	size_t i;
	int result = 0;

	json_array_foreach(json_object_get(check->settings, key), i, record)
	{
		if (result == 0)
			result = look(check, record, node);
		node = node ? node->next : NULL;
	}
	return result;
}

/* Names in a row would have to be followed by everybody who asks. */
static int check_row(struct check *check, const json_t *record, const struct node *node)
{
	const char *of = rule_text(record, "of");
	const char *further = of ? rule_other_name(check, of) : NULL;

	if (further)
		diagnostics_error(check->diagnostics,
				  node ? rule_mark(node, "of") : rule_mail_mark(check),
				  "%s is itself another name, of %s; write that", of, further);
	return 0;
}

static int check_other_names(struct check *check)
{
	int result = each_record(check, "domain_aliases", check_other_name);

	return result < 0 ? result : each_record(check, "domain_aliases", check_row);
}

static int check_catch_all(struct check *check, const json_t *record, const struct node *node)
{
	const char *domain = rule_text(record, "domain");
	const char *of = domain ? rule_other_name(check, domain) : NULL;
	struct mark mark = node ? rule_mark(node, "domain") : rule_mail_mark(check);

	if (!domain)
		return 0;
	if (!rule_has_mailboxes(check))
		diagnostics_error(check->diagnostics, mark,
				  "the mailboxes are not here, and who is there another server "
				  "knows");
	else if (of)
		diagnostics_error(check->diagnostics, mark,
				  "%s is another name of %s; write the catch-all of that", domain,
				  of);
	else if (!rule_is_local_domain(check, domain, false))
		diagnostics_error(check->diagnostics, mark,
				  "%s is not one of the domains; add it to `domains`", domain);
	else if (names_find(&check->caught, domain, strlen(domain)))
		diagnostics_error(check->diagnostics, mark,
				  "%s has a catch-all already; write it once", domain);
	else {
		diagnostics_warning(check->diagnostics, mark,
				    "a catch-all gets the spam for every address that anybody ever "
				    "thought of; aliases get less");
		return names_add(&check->caught, domain, strlen(domain), domain);
	}
	return 0;
}

static int check_catch_alls(struct check *check)
{
	return each_record(check, "catch_all", check_catch_all);
}

const struct rule meaning_domain[] = {
    {"What stands in `domain_aliases` are two of the `domains`, where people have their mailboxes "
     "here; a domain is another name of one only, which is none itself, and has no users or "
     "aliases of its own.",
     check_other_names},
    {"A domain has one address in `catch_all`, and other names of it have none. It is warned of: "
     "it draws spam.",
     check_catch_alls},
    {0},
};
