// SPDX-License-Identifier: GPL-3.0-or-later
/* Users and aliases, and every address that must be one of them. */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "settings/rule.h"
#include "settings/table.h"

/* The list of domains is known to be good: only then can a domain be missing
 * from it. */
static bool domains_are_known(const struct check *check)
{
	const json_t *domains = json_object_get(check->settings, "domains");

	return domains && check->domains.count == json_array_size(domains);
}

/* The nearest of the domains, to name it beside a misspelt one. */
static const char *nearest_domain(const struct check *check, const char *domain)
{
	const char *nearest = NULL;
	unsigned best = 2;
	size_t i;
	json_t *value;

	if (check->diagnostics->errors > DIAGNOSTICS_LIMIT)
		return NULL; /* the line will not be shown */

	json_array_foreach(json_object_get(check->settings, "domains"), i, value)
	{
		const char *other = json_string_value(value);
		unsigned distance = other ? table_distance(domain, other, best) : best + 1;

		if (distance <= best && (!nearest || distance < best)) {
			nearest = other;
			best = distance;
		}
		if (i == 1000) /* enough for a hint */
			break;
	}
	return nearest;
}

static void check_address_domain(const struct check *check, const char *address, struct mark mark,
				 bool with_hostname)
{
	const char *domain = strchr(address, '@') + 1;
	const char *nearest, *of = rule_other_name(check, domain);

	if (of) {
		diagnostics_error(check->diagnostics, mark,
				  "%s is another name of %s; write %.*s@%s", domain, of,
				  (int)(domain - 1 - address), address, of);
		return;
	}
	if (rule_is_local_domain(check, domain, with_hostname) || !domains_are_known(check))
		return;
	nearest = nearest_domain(check, domain);
	if (nearest)
		diagnostics_error(check->diagnostics, mark,
				  "%s is not one of the domains; write %.*s@%s, or add %s to "
				  "`domains`",
				  domain, (int)(domain - 1 - address), address, nearest, domain);
	else
		diagnostics_error(check->diagnostics, mark,
				  "%s is not one of the domains; add it to `domains`", domain);
}

/* Users and aliases into the book, each with its place. */
static int check_records(struct check *check, const char *key, bool aliases,
			 int (*add)(struct mailbook *book, json_t *record, struct mark mark))
{
	const struct node *list = node_get(check->meaning->mail, key);
	const struct node *node = list ? list->first : NULL;
	size_t i;
	json_t *record;

	json_array_foreach(json_object_get(check->settings, key), i, record)
	{
		const char *address = rule_text(record, "address");
		struct mark mark = node ? rule_mark(node, "address") : rule_mail_mark(check);
		int r;

		node = node ? node->next : NULL;
		if (!address)
			continue;
		check_address_domain(check, address, mark, aliases);
		r = add(&check->book, record, mark);
		if (r < 0)
			return r;
	}
	return 0;
}

static int check_people(struct check *check)
{
	int r = check_records(check, "users", false, mailbook_add_user);

	if (r == 0)
		r = check_records(check, "shared", false, mailbook_add_shared);
	return r < 0 ? r : check_records(check, "aliases", true, mailbook_add_alias);
}

/* The address with its local part in lower case, and the first name of its domain, when it is one
 * of this server; others are left alone, since only their server knows (RFC 5321 section 2.4). */
static void localize(const struct check *check, json_t *value)
{
	_cleanup_free_ char *address = strdup(json_string_value(value));
	const char *of;

	if (!address || !rule_is_local_domain(check, strchr(address, '@') + 1, true))
		return;
	for (char *c = address; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	of = rule_other_name(check, strchr(address, '@') + 1);
	if (of) {
		char *whole;

		*strchr(address, '@') = '\0';
		if (asprintf(&whole, "%s@%s", address, of) < 0)
			return;
		free(address);
		address = whole;
	}
	json_string_set(value, address);
}

/* Whether another server has the mailbox, as far as can be known here. */
static bool is_elsewhere(const struct check *check, const char *address)
{
	if (rule_has_mailboxes(check) ||
	    !rule_is_local_domain(check, strchr(address, '@') + 1, false))
		return false;
	return check->behind.count == 0 ||
	       names_find(&check->behind, address, strlen(address)) != NULL;
}

/* A local address must be somebody's. */
static void check_receiver(const struct check *check, const char *address, struct mark mark)
{
	const struct mailbook_entry *entry = mailbook_find(&check->book, address);

	if (!rule_is_local_domain(check, strchr(address, '@') + 1, true) ||
	    is_elsewhere(check, address) || (entry && (entry->alias || rule_has_mailboxes(check))))
		return;
	if (check->behind.count > 0)
		diagnostics_error(check->diagnostics, mark,
				  "%s is neither an alias nor one of gateway.recipients; add it to "
				  "one of them",
				  address);
	else
		diagnostics_error(check->diagnostics, mark,
				  "%s is neither a user nor an alias here; add it to one of them",
				  address);
}

static void check_reports(struct check *check)
{
	const struct node *reports = node_get(check->meaning->mail, "reports");
	json_t *to = json_object_get(json_object_get(check->settings, "reports"), "to");

	if (!json_is_string(to) || !reports || !node_get(reports, "to"))
		return;
	localize(check, to);
	check_receiver(check, json_string_value(to), rule_mark(reports, "to"));
}

static void check_targets(struct check *check, const char *records, const char *key)
{
	const struct node *list = node_get(check->meaning->mail, records);
	const struct node *alias_node = list ? list->first : NULL;
	size_t i, j;
	json_t *alias, *target;

	json_array_foreach(json_object_get(check->settings, records), i, alias)
	{
		const struct node *to = alias_node ? node_get(alias_node, key) : NULL;
		const struct node *node = to ? to->first : NULL;
		json_t *targets = json_object_get(alias, key);

		if (!alias_node)
			return; /* from here on they are derived */
		alias_node = alias_node->next;
		json_array_foreach(targets, j, target)
		{
			if (json_is_string(target)) {
				localize(check, target);
				check_receiver(check, json_string_value(target), node->mark);
			}
			node = node->next;
		}
	}
}

/* Of the first domain, whose mailboxes another server has. */
static int set_postmaster_elsewhere(struct check *check)
{
	const char *domain =
	    json_string_value(json_array_get(json_object_get(check->settings, "domains"), 0));

	return domain ? json_object_set_new(check->settings, "postmaster",
					    json_sprintf("postmaster@%s", domain))
		      : 0;
}

/* mail.postmaster, by default the first user. */
static int check_postmaster(struct check *check)
{
	json_t *postmaster = json_object_get(check->settings, "postmaster");
	const char *first =
	    rule_text(json_array_get(json_object_get(check->settings, "users"), 0), "address");

	if (postmaster) {
		localize(check, postmaster);
		return 0;
	}
	if (node_get(check->meaning->mail, "postmaster"))
		return 0;
	if (!first)
		return rule_has_mailboxes(check) ? 0 : set_postmaster_elsewhere(check);
	return json_object_set_new(check->settings, "postmaster", json_string(first));
}

/* postmaster@, abuse@ and root@ that nobody wrote, into settings and book. */
static int derive_role(struct check *check, const char *role, const char *domain)
{
	const char *postmaster = rule_text(check->settings, "postmaster");
	_cleanup_free_ char *address = NULL;
	json_t *alias;

	if (!postmaster || !domain || rule_other_name(check, domain))
		return 0;
	if (asprintf(&address, "%s@%s", role, domain) < 0)
		return -ENOMEM;
	if (mailbook_find(&check->book, address) || !strcmp(address, postmaster))
		return 0;
	alias = json_pack("{s:s, s:[s], s:[]}", "address", address, "to", postmaster, "who");
	if (!alias || json_array_append_new(json_object_get(check->settings, "aliases"), alias) < 0)
		return -ENOMEM;
	return mailbook_add_alias(&check->book, alias,
				  rule_mark(check->meaning->mail, "postmaster"));
}

/* RFC 5321 section 4.5.1 and RFC 2142; root@ because the machine's own mail goes
 * there. */
static int derive_roles(struct check *check)
{
	bool ours = rule_has_mailboxes(check); /* else another server has those of the domains */
	size_t i;
	json_t *value;
	int r = 0;

	if (!json_is_array(json_object_get(check->settings, "aliases")))
		return 0; /* refused already */
	json_array_foreach(json_object_get(check->settings, "domains"), i, value)
	{
		if (r == 0 && ours)
			r = derive_role(check, "postmaster", json_string_value(value));
		if (r == 0 && ours)
			r = derive_role(check, "abuse", json_string_value(value));
	}
	ours = ours || !check->hostname || !rule_is_local_domain(check, check->hostname, false);
	if (r == 0 && ours)
		r = derive_role(check, "postmaster", check->hostname);
	if (r == 0 && ours)
		r = derive_role(check, "abuse", check->hostname);
	return r < 0 ? r : derive_role(check, "root", check->hostname);
}

static void check_catch_alls(struct check *check)
{
	const struct node *list = node_get(check->meaning->mail, "catch_all");
	const struct node *node = list ? list->first : NULL;
	size_t i;
	json_t *record;

	json_array_foreach(json_object_get(check->settings, "catch_all"), i, record)
	{
		json_t *to = json_object_get(record, "to");

		if (json_is_string(to) && node) {
			localize(check, to);
			check_receiver(check, json_string_value(to), rule_mark(node, "to"));
		}
		node = node ? node->next : NULL;
	}
}

static int check_receivers(struct check *check)
{
	const struct node *mail = check->meaning->mail;
	int r = check_postmaster(check);

	if (r == 0)
		r = derive_roles(check);
	if (r < 0)
		return r;
	check_targets(check, "aliases", "to");
	check_targets(check, "users", "forward");
	check_catch_alls(check);
	if (rule_text(check->settings, "postmaster") &&
	    (node_get(mail, "postmaster") || !rule_has_mailboxes(check)))
		check_receiver(check, rule_text(check->settings, "postmaster"),
			       node_get(mail, "postmaster") ? rule_mark(mail, "postmaster")
							    : rule_mail_mark(check));
	check_reports(check);
	return 0;
}

/* A gateway's list: in the domains, each once, and none of them an alias. */
static int check_behind(struct check *check)
{
	const struct node *list = node_get(node_get(check->meaning->mail, "gateway"), "recipients");
	const struct node *node = list ? list->first : NULL;
	size_t i;
	json_t *value;

	json_array_foreach(
	    json_object_get(json_object_get(check->settings, "gateway"), "recipients"), i, value)
	{
		const char *address = json_string_value(value);
		struct mark mark = node ? node->mark : rule_mail_mark(check);
		const struct mailbook_entry *entry;

		node = node ? node->next : NULL;
		if (!address)
			continue;
		check_address_domain(check, address, mark, false);
		entry = mailbook_find(&check->book, address);
		if (entry && entry->alias && !strcmp(entry->address, address))
			diagnostics_error(
			    check->diagnostics, mark,
			    "%s is an alias (line %u), which comes first; write one of "
			    "the two",
			    address, entry->mark.line);
		else if (names_find(&check->behind, address, strlen(address)))
			diagnostics_error(check->diagnostics, mark,
					  "%s stands in gateway.recipients already; write it once",
					  address);
		else if (names_add(&check->behind, address, strlen(address), value) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int check_loops(struct check *check)
{
	mailbook_check_loops(&check->book);
	return 0;
}

#define ALIASES RULE_NUMBER(ALIAS_HEIGHT_LIMIT)

const struct rule meaning_address[] = {
    {"Users, `shared` mailboxes and aliases are in one of the `domains`; aliases may also be in "
     "the hostname. No two "
     "of them are equal, whatever their case.",
     check_people},
    {"What stands in `gateway.recipients` is in one of the `domains`, once, and is no alias.",
     check_behind},
    {"An address in one of the domains, or in the hostname, must exist where it stands in "
     "`aliases[].to`, `users[].forward`, `catch_all[].to`, `postmaster` and `reports.to`: here, or "
     "among "
     "`gateway.recipients`; of "
     "another "
     "server that has the mailboxes nobody can know.",
     check_receivers},
    {"An alias or a forward leads to users or to addresses elsewhere, over at most " ALIASES
     " in a row, never back to itself.",
     check_loops},
    {0},
};
