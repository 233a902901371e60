// SPDX-License-Identifier: GPL-3.0-or-later
/* The rows of the settings table, see settings/table.h: a group of keys in each file of
 * rows/, in the order of the manual.  The first sentence of a documentation stands alone in
 * short listings. */
#include "settings/table.h"

#include "base/cleanup.h"

#define LIST	 SETTING_LIST
#define REQUIRED SETTING_REQUIRED
#define SECRET	 SETTING_SECRET
#define LATER	 SETTING_LATER
#define PEOPLE	 SETTING_PEOPLE
#define EXPECTED SETTING_EXPECTED

/* Not sorted by name. */
/* clang-format off */
const struct setting settings_table[] = {
#include "settings/rows/identity.inc"
#include "settings/rows/people.inc"
#include "settings/rows/mailboxes.inc"
#include "settings/rows/services.inc"
#include "settings/rows/search.inc"
#include "settings/rows/tls.inc"
#include "settings/rows/filter.inc"
#include "settings/rows/forwarding.inc"
#include "settings/rows/limits.inc"
#include "settings/rows/authentication.inc"
#include "settings/rows/ban.inc"
#include "settings/rows/network.inc"
#include "settings/rows/upkeep.inc"
#include "settings/rows/extra.inc"
};
/* clang-format on */

const size_t settings_table_count = ARRAY_SIZE(settings_table);
