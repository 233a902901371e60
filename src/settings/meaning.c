// SPDX-License-Identifier: GPL-3.0-or-later
#include "settings/meaning.h"

#include <errno.h>

#include "settings/derive.h"
#include "settings/rule.h"

const struct rule *const meaning_rules[] = {
    meaning_name,  meaning_role,   meaning_domain,  meaning_address,
    meaning_tls,   meaning_relay,  meaning_filter,  meaning_sender,
    meaning_dns,   meaning_web,	   meaning_sharing, meaning_shared,
    meaning_oauth, meaning_writer, meaning_ldap,    NULL};

static int apply_rules(struct check *check)
{
	int r = 0;

	for (size_t i = 0; meaning_rules[i]; i++)
		for (const struct rule *rule = meaning_rules[i]; r == 0 && rule->sentence; rule++)
			r = rule->apply(check);
	return r;
}

int meaning_check(const struct meaning *meaning)
{
	struct check check = {
	    .meaning = meaning, .diagnostics = meaning->diagnostics, .settings = meaning->settings};
	int r;

	mailbook_init(&check.book, meaning->diagnostics);
	r = apply_rules(&check);
	mailbook_free(&check.book);
	names_free(&check.domains);
	names_free(&check.others);
	names_free(&check.caught);
	names_free(&check.behind);
	if (r == 0 && !meaning->diagnostics->errors)
		r = derive_values(meaning->settings);
	return r < 0 ? -ENOMEM : 0;
}
