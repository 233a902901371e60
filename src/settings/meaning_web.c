// SPDX-License-Identifier: GPL-3.0-or-later
/* The web server. */
#include <errno.h>

#include "settings/rule.h"
#include "settings/web.h"

bool web_is_public(const json_t *tls)
{
	const char *certificate = rule_text(tls, "certificate");
	const char *directory = rule_text(json_object_get(tls, "acme"), "directory");

	return (certificate && certificate[0]) || (directory && directory[0]);
}

/* A page at which every browser shouts helps nobody. */
static int fill_web(struct check *check)
{
	json_t *services = json_object_get(check->settings, "services");
	bool public = web_is_public(json_object_get(check->settings, "tls")) &&
		      !rule_is_role(check, "send-only");

	if (!services || json_object_get(services, "web"))
		return 0;
	return json_object_set_new(services, "web", json_boolean(public)) < 0 ? -ENOMEM : 0;
}

const struct rule meaning_web[] = {
    {"`services.web` is on by itself only with a certificate that browsers believe, and not "
     "with the role send-only.",
     fill_web},
    {0},
};
