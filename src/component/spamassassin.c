// SPDX-License-Identifier: GPL-3.0-or-later
// Row 60 of the table.
/* SpamAssassin, which amavis has in its own processes. */
#include "component/component_rows.h"

const struct component component_spamassassin = {
    .name = "spamassassin",
    .files = {{"etc/spamassassin/postcask.cf", "lines", .mode = 0644, .extra = "spamassassin"}},
    .checker = {"/usr/lib/postcask/check-spamassassin", "@"},
    .checked_if = "etc/spamassassin/postcask.cf",
    .reload_verb = "restart",
    .units = {"amavis.service"},
    .accounts = {"amavis"},
};
