// SPDX-License-Identifier: GPL-3.0-or-later
#include "directory/accounts_rule.h"

#include "directory/accounts_schema.h"

int accounts_put_rule(struct accounts *accounts, const char *address, const char *script,
		      bool *ret_changed, struct error *error)
{
	struct cabinet *cabinet = &accounts->cabinet;
	bool some = script && script[0];
	int result = some ? cabinet_run_with(cabinet, RULE_PUT, error, address, script, NULL)
			  : cabinet_run_with(cabinet, RULE_DROP, error, address, NULL);

	if (result == 0 && cabinet_changed(cabinet) > 0)
		*ret_changed = true;
	return result;
}

int accounts_settle_rules(struct accounts *accounts, struct error *error)
{
	return cabinet_run(&accounts->cabinet, RULE_SETTLE, error);
}
