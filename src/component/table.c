// SPDX-License-Identifier: GPL-3.0-or-later
#include "component/component_rows.h"

#include "base/cleanup.h"

const struct component *const components[] = {
    &component_postfix, &component_dovecot,	 &component_clamav,	&component_freshclam,
    &component_amavis,	&component_spamassassin, &component_quarantine, &component_updates,
    &component_unbound, &component_timesync,	 &component_account,
};
COMPONENT_ROWS_FIT(components);

const size_t component_count = ARRAY_SIZE(components);
