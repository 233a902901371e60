// SPDX-License-Identifier: GPL-3.0-or-later
/* What the account says to the world: /run/postcask/account/account.json. */
#ifndef POSTCASK_LEDGER_PUBLISH_H
#define POSTCASK_LEDGER_PUBLISH_H

#include <jansson.h>

#include "ledger/ledger_state.h"

#define ACCOUNT_FILE "/run/postcask/account/account.json"
/* Locked (flock) as long as the service runs. */
#define ACCOUNT_LOCK "/run/postcask/account/lock"

enum { PUBLISH_NAMES = 20 }; /* alarms that are named */

/* `quarantined`: the files that the quarantine holds now.  Owned by the caller, NULL when
 * out of memory. */
json_t *account_json(const struct ledger *ledger, const struct ledger_state *state,
		     size_t quarantined);

#endif
