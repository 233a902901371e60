// SPDX-License-Identifier: GPL-3.0-or-later
/* A certificate of one's own, or of an ACME authority. */
#include <string.h>
#include <time.h>

#include "certificate/certificate.h"
#include "settings/rule.h"

static int check_certificate(struct check *check)
{
	const json_t *tls = json_object_get(check->settings, "tls");
	const struct node *node = node_get(check->meaning->mail, "tls");
	const char *certificate = rule_text(tls, "certificate"), *key = rule_text(tls, "key");
	_cleanup_(error_clear) struct error error = ERROR_INIT;

	if (!node || !certificate || !key)
		return 0;
	if (!certificate[0] != !key[0]) {
		diagnostics_error(check->diagnostics,
				  rule_mark(node, key[0] ? "key" : "certificate"),
				  "tls.%s without tls.%s; write both, or neither",
				  key[0] ? "key" : "certificate", key[0] ? "certificate" : "key");
		return 0;
	}
	if (certificate[0] && json_array_size(json_object_get(tls, "names")))
		diagnostics_error(
		    check->diagnostics, rule_mark(node, "names"),
		    "tls.names are for the machine's own certificate, and "
		    "tls.certificate is given; leave tls.names out, the given one has "
		    "its names in it");
	if (!certificate[0] || !check->hostname)
		return 0;
	if (certificate_check_pem(certificate, key, check->hostname, time(NULL), &error) < 0)
		diagnostics_error(check->diagnostics, rule_mark(node, "certificate"), "%s",
				  error_text(&error));
	return 0;
}

#define BINDING_KEY_LEAST 22 /* 128 bits */
#define BASE64URL	  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

/* Settings that were not written have no place of their own; the group's is near. */
static const struct node *acme_node(const struct check *check)
{
	return node_get(node_get(check->meaning->mail, "tls"), "acme");
}

static int check_together(struct check *check)
{
	const struct node *node = acme_node(check);
	const char *given = rule_text(json_object_get(check->settings, "tls"), "certificate");

	if (node && given && given[0])
		diagnostics_error(check->diagnostics, node->mark,
				  "tls.acme beside tls.certificate; leave one of them out: a given "
				  "certificate is served as it is, and never renewed");
	return 0;
}

/* The account's key signs what is sent, but nothing else proves whom it is sent to. */
static int check_directory(struct check *check)
{
	const struct node *acme = acme_node(check), *node = node_get(acme, "directory");

	if (acme && !node)
		diagnostics_error(check->diagnostics, acme->mark,
				  "tls.acme without tls.acme.directory; write the address of the "
				  "authority's directory");
	if (node && node->kind == NODE_TEXT && strncmp(node->text, "http:", 5) == 0)
		diagnostics_error(
		    check->diagnostics, node->mark,
		    "the directory is asked by https alone; write https:// and, for an "
		    "authority of your own, its certificate as tls.acme.ca");
	return 0;
}

static int check_binding(struct check *check)
{
	const struct node *binding = node_get(acme_node(check), "eab");
	const struct node *name = node_get(binding, "key_id"), *key = node_get(binding, "hmac_key");

	if (binding && (!name || !key))
		diagnostics_error(check->diagnostics, binding->mark,
				  "tls.acme.eab needs both key_id and hmac_key; write them as the "
				  "authority gives them");
	if (name && name->kind == NODE_TEXT && strchr(name->text, ':'))
		diagnostics_error(
		    check->diagnostics, name->mark,
		    "a colon in the key's name, with which it cannot be used; ask the "
		    "authority for another one");
	if (key && key->kind == NODE_TEXT &&
	    (key->text[strspn(key->text, BASE64URL)] != '\0' || key->size < BINDING_KEY_LEAST))
		diagnostics_error(
		    check->diagnostics, key->mark,
		    "the key is not a whole one in base64url; write letters, digits, - and "
		    "_ alone, - for + and _ for /, and no = at the end");
	return 0;
}

/* Where the machine may change its zone. */
static int check_challenge(struct check *check)
{
	const struct node *node = node_get(acme_node(check), "challenge");
	const struct node *update = node_get(node_get(check->meaning->mail, "dns"), "update");

	if (node && node->kind == NODE_TEXT && strcmp(node->text, "dns-01") == 0 && !update)
		diagnostics_error(
		    check->diagnostics, node->mark,
		    "dns-01 without dns.update, by which the machine writes into its zone; "
		    "write it too, or http-01 here");
	return 0;
}

/* Who counts sessions is who knows the policies. */
static int check_reports(struct check *check)
{
	const char *policies = rule_text(json_object_get(check->settings, "tls"), "policies");
	const struct node *node = node_get(check->meaning->mail, "reports");
	const char *reports = rule_text(json_object_get(check->settings, "reports"), "tls");

	if (node && policies && reports && strcmp(policies, "ignore") == 0 &&
	    strcmp(reports, "send") == 0)
		diagnostics_error(check->diagnostics, rule_mark(node, "tls"),
				  "reports of TLS while the policies of others are ignored; write "
				  "tls.policies: follow, or reports.tls: ignore");
	return 0;
}

const struct rule meaning_tls[] = {
    {"`tls.certificate` and `tls.key` come together, belong to each other, name the hostname and "
     "are valid now; there is no `tls.names` beside them.",
     check_certificate},
    {"`tls.acme` is not beside `tls.certificate`.", check_together},
    {"`tls.acme` has a `tls.acme.directory`, and that is https.", check_directory},
    {"`tls.acme.eab` has both of its keys; `tls.acme.eab.key_id` has no colon, and "
     "`tls.acme.eab.hmac_key` is base64url.",
     check_binding},
    {"`tls.acme.challenge` is dns-01 only beside `dns.update`.", check_challenge},
    {"`reports.tls` is send only while `tls.policies` is follow.", check_reports},
    {0},
};
