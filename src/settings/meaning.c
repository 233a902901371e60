// SPDX-License-Identifier: GPL-3.0-or-later
#include "settings/meaning.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "certificate/certificate.h"
#include "settings/checker.h"
#include "settings/derive.h"
#include "settings/mailbook.h"
#include "settings/owners.h"
#include "settings/relay.h"
#include "settings/types.h"

/* What is known while the checks run in their order. */
struct check {
	const struct meaning *meaning;
	struct diagnostics *diagnostics;
	json_t *settings;
	struct names domains; /* domain -> mark of its item */
	const char *hostname; /* NULL: unknown */
	struct mailbook book;
};

static const char *text_at(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static struct mark mail_mark(const struct check *check)
{
	const struct node *mail = check->meaning->mail;

	return mail->key ? mail->key->mark : mail->mark;
}

/* The place of a member, or of its parent when it is not written. */
static struct mark mark_of(const struct node *parent, const char *key)
{
	const struct node *member = node_get(parent, key);

	return member ? member->mark : parent->mark;
}

/* hostname: from mail.hostname, else fqdn, else a hostname with dots, as
 * cloud-init itself reads them (util.get_hostname_fqdn). */
static int check_hostname(struct check *check)
{
	const struct node *root = check->meaning->cloud_config;
	const struct node *node = node_get(root, "fqdn");
	const struct node *hostname = node_get(root, "hostname");
	const char *domain =
	    json_string_value(json_array_get(json_object_get(check->settings, "domains"), 0));
	json_t *value;

	check->hostname = text_at(check->settings, "hostname");
	if (check->hostname || node_get(check->meaning->mail, "hostname"))
		return 0;
	if (!node && hostname && (hostname->kind != NODE_TEXT || strchr(hostname->text, '.')))
		node = hostname;
	if (!node) {
		diagnostics_error(check->diagnostics, hostname ? hostname->mark : mail_mark(check),
				  "the server's full name is missing; write `fqdn: mail.%s` beside "
				  "`mail:`",
				  domain ? domain : "example.org");
		return 0;
	}
	value = checker_check_value(table_find("hostname"), node, check->diagnostics);
	if (!value)
		return 0;
	if (json_object_set_new(check->settings, "hostname", value) < 0)
		return -ENOMEM;
	check->hostname = text_at(check->settings, "hostname");
	return 0;
}

static int check_domains(struct check *check)
{
	const json_t *domains = json_object_get(check->settings, "domains");
	const struct node *list = node_get(check->meaning->mail, "domains");
	const struct node *node = list ? list->first : NULL;
	size_t i;
	json_t *value;

	json_array_foreach(domains, i, value)
	{
		const char *domain = json_string_value(value);
		const struct mark *before;

		if (domain) {
			before = names_find(&check->domains, domain, strlen(domain));
			if (before)
				diagnostics_error(
				    check->diagnostics, node->mark,
				    "the domain %s stands in line %u already; write it "
				    "once",
				    domain, before->line);
			else if (names_add(&check->domains, domain, strlen(domain), &node->mark) <
				 0)
				return -ENOMEM;
		}
		node = node->next;
	}
	return 0;
}

static bool is_local_domain(const struct check *check, const char *domain, bool with_hostname)
{
	return names_find(&check->domains, domain, strlen(domain)) ||
	       (with_hostname && check->hostname && !strcmp(domain, check->hostname));
}

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
	const char *nearest;

	if (is_local_domain(check, domain, with_hostname) || !domains_are_known(check))
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
static int check_records(struct check *check, const char *key, bool aliases)
{
	const struct node *list = node_get(check->meaning->mail, key);
	const struct node *node = list ? list->first : NULL;
	size_t i;
	json_t *record;

	json_array_foreach(json_object_get(check->settings, key), i, record)
	{
		const char *address = text_at(record, "address");
		struct mark mark = node ? mark_of(node, "address") : mail_mark(check);
		int r = 0;

		node = node ? node->next : NULL;
		if (!address)
			continue;
		check_address_domain(check, address, mark, aliases);
		if (aliases)
			r = mailbook_add_alias(&check->book, record, mark);
		else
			r = mailbook_add_user(&check->book, record, mark);
		if (r < 0)
			return r;
	}
	return 0;
}

/* The address with its local part in lower case when it is one of this server;
 * others are left alone, since only their server knows (RFC 5321 section 2.4). */
static void localize(const struct check *check, json_t *value)
{
	_cleanup_free_ char *address = strdup(json_string_value(value));

	if (!address || !is_local_domain(check, strchr(address, '@') + 1, true))
		return;
	for (char *c = address; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	json_string_set(value, address);
}

/* A local address must be somebody's. */
static void check_receiver(const struct check *check, const char *address, struct mark mark)
{
	if (!is_local_domain(check, strchr(address, '@') + 1, true) ||
	    mailbook_find(&check->book, address))
		return;
	diagnostics_error(check->diagnostics, mark,
			  "%s is neither a user nor an alias here; add it to one of them", address);
}

static void check_reports(struct check *check)
{
	const struct node *reports = node_get(check->meaning->mail, "reports");
	json_t *to = json_object_get(json_object_get(check->settings, "reports"), "to");

	if (!json_is_string(to) || !reports || !node_get(reports, "to"))
		return;
	localize(check, to);
	check_receiver(check, json_string_value(to), mark_of(reports, "to"));
}

static void check_targets(struct check *check)
{
	const struct node *list = node_get(check->meaning->mail, "aliases");
	const struct node *alias_node = list ? list->first : NULL;
	size_t i, j;
	json_t *alias, *target;

	json_array_foreach(json_object_get(check->settings, "aliases"), i, alias)
	{
		const struct node *to = alias_node ? node_get(alias_node, "to") : NULL;
		const struct node *node = to ? to->first : NULL;
		json_t *targets = json_object_get(alias, "to");

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

/* mail.postmaster, by default the first user. */
static int check_postmaster(struct check *check)
{
	json_t *postmaster = json_object_get(check->settings, "postmaster");
	const char *first =
	    text_at(json_array_get(json_object_get(check->settings, "users"), 0), "address");

	if (postmaster) {
		localize(check, postmaster);
		return 0;
	}
	if (!first || node_get(check->meaning->mail, "postmaster"))
		return 0;
	return json_object_set_new(check->settings, "postmaster", json_string(first));
}

/* postmaster@, abuse@ and root@ that nobody wrote, into settings and book. */
static int derive_role(struct check *check, const char *role, const char *domain)
{
	const char *postmaster = text_at(check->settings, "postmaster");
	_cleanup_free_ char *address = NULL;
	json_t *alias;

	if (!postmaster || !domain)
		return 0;
	if (asprintf(&address, "%s@%s", role, domain) < 0)
		return -ENOMEM;
	if (mailbook_find(&check->book, address) || !strcmp(address, postmaster))
		return 0;
	alias = json_pack("{s:s, s:[s]}", "address", address, "to", postmaster);
	if (!alias || json_array_append_new(json_object_get(check->settings, "aliases"), alias) < 0)
		return -ENOMEM;
	return mailbook_add_alias(&check->book, alias, mark_of(check->meaning->mail, "postmaster"));
}

/* RFC 5321 section 4.5.1 and RFC 2142; root@ because the machine's own mail goes
 * there. */
static int derive_roles(struct check *check)
{
	size_t i;
	json_t *value;
	int r = 0;

	if (!json_is_array(json_object_get(check->settings, "aliases")))
		return 0; /* refused already */
	json_array_foreach(json_object_get(check->settings, "domains"), i, value)
	{
		if (r == 0)
			r = derive_role(check, "postmaster", json_string_value(value));
		if (r == 0)
			r = derive_role(check, "abuse", json_string_value(value));
	}
	if (r == 0)
		r = derive_role(check, "postmaster", check->hostname);
	if (r == 0)
		r = derive_role(check, "abuse", check->hostname);
	return r < 0 ? r : derive_role(check, "root", check->hostname);
}

static void check_certificate(const struct check *check)
{
	const json_t *tls = json_object_get(check->settings, "tls");
	const struct node *node = node_get(check->meaning->mail, "tls");
	const char *certificate = text_at(tls, "certificate"), *key = text_at(tls, "key");
	_cleanup_(error_clear) struct error error = ERROR_INIT;

	if (!node || !certificate || !key)
		return;
	if (!certificate[0] != !key[0]) {
		diagnostics_error(check->diagnostics, mark_of(node, key[0] ? "key" : "certificate"),
				  "tls.%s without tls.%s; write both, or neither",
				  key[0] ? "key" : "certificate", key[0] ? "certificate" : "key");
		return;
	}
	if (certificate[0] && json_array_size(json_object_get(tls, "names")))
		diagnostics_error(
		    check->diagnostics, mark_of(node, "names"),
		    "tls.names are for the machine's own certificate, and "
		    "tls.certificate is given; leave tls.names out, the given one has "
		    "its names in it");
	if (!certificate[0] || !check->hostname)
		return;
	if (certificate_check_pem(certificate, key, check->hostname, time(NULL), &error) < 0)
		diagnostics_error(check->diagnostics, mark_of(node, "certificate"), "%s",
				  error_text(&error));
}

static void check_sense(const struct check *check)
{
	const struct node *mail = check->meaning->mail;
	const json_t *signatures = json_object_get(check->settings, "signatures");
	const json_t *spam = json_object_get(json_object_get(check->settings, "filter"), "spam");
	const char *tag = text_at(spam, "tag_level"), *level = text_at(spam, "spam_level");

	if (tag && level && strtod(tag, NULL) > strtod(level, NULL))
		diagnostics_error(
		    check->diagnostics,
		    mark_of(node_get(node_get(mail, "filter"), "spam"), "tag_level"),
		    "tag_level %s is above spam_level %s, so spam would carry no mark; "
		    "write a lower one",
		    tag, level);
	if (json_is_false(json_object_get(signatures, "updates")) &&
	    text_at(signatures, "mirror") && text_at(signatures, "mirror")[0])
		diagnostics_warning(
		    check->diagnostics, mark_of(node_get(mail, "signatures"), "mirror"),
		    "the mirror is not used while updates is false; leave one of them "
		    "out");
}

static int check_mail(struct check *check)
{
	const struct node *mail = check->meaning->mail;
	int r = check_domains(check);

	if (r == 0)
		r = check_hostname(check);
	if (r == 0)
		r = check_records(check, "users", false);
	if (r == 0)
		r = check_records(check, "aliases", true);
	if (r == 0)
		r = check_postmaster(check);
	if (r == 0)
		r = derive_roles(check);
	if (r < 0)
		return r;
	check_targets(check);
	if (node_get(mail, "postmaster") && text_at(check->settings, "postmaster"))
		check_receiver(check, text_at(check->settings, "postmaster"),
			       mark_of(mail, "postmaster"));
	check_reports(check);
	mailbook_check_loops(&check->book);
	if (!check->diagnostics->errors)
		r = owners_find(&check->book);
	if (r < 0)
		return r;
	check_certificate(check);
	relay_check(mail, check->hostname, check->diagnostics);
	check_sense(check);
	return 0;
}

int meaning_check(const struct meaning *meaning)
{
	struct check check = {
	    .meaning = meaning, .diagnostics = meaning->diagnostics, .settings = meaning->settings};
	int r;

	mailbook_init(&check.book, meaning->diagnostics);
	r = check_mail(&check);
	mailbook_free(&check.book);
	names_free(&check.domains);
	if (r == 0 && !meaning->diagnostics->errors)
		r = derive_values(meaning->settings);
	return r < 0 ? -ENOMEM : 0;
}
