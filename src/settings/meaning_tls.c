// SPDX-License-Identifier: GPL-3.0-or-later
/* A certificate of one's own. */
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

const struct rule meaning_tls[] = {
    {"`tls.certificate` and `tls.key` come together, belong to each other, name the hostname and "
     "are valid now; there is no `tls.names` beside them.",
     check_certificate},
    {0},
};
