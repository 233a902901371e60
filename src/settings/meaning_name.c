// SPDX-License-Identifier: GPL-3.0-or-later
/* The names of the server: its domains and its own. */
#include <errno.h>
#include <string.h>

#include "settings/checker.h"
#include "settings/rule.h"
#include "settings/table.h"

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

	check->hostname = rule_text(check->settings, "hostname");
	if (check->hostname || node_get(check->meaning->mail, "hostname"))
		return 0;
	if (!node && hostname && (hostname->kind != NODE_TEXT || strchr(hostname->text, '.')))
		node = hostname;
	if (!node) {
		diagnostics_error(check->diagnostics,
				  hostname ? hostname->mark : rule_mail_mark(check),
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
	check->hostname = rule_text(check->settings, "hostname");
	return 0;
}

const struct rule meaning_name[] = {
    {"A domain stands once in `domains`.", check_domains},
    {"The `hostname` is written here, or beside mail as cloud-init's fqdn, or as its hostname with "
     "dots. It may be one of the domains; its mail is then handled as the domain's.",
     check_hostname},
    {0},
};
