// SPDX-License-Identifier: GPL-3.0-or-later
// Row 134 of the table.
/* Gives back room in mailboxes whose format wants that, and removes those that were put aside
 * (src/mailbox), every day; reads no settings. */
#include "component/component_rows.h"

const struct component component_mailbox = {
    .name = "mailbox",
    .reload_verb = "try-restart",
    .units = {"postcask-mailbox.timer"},
    .accounts = {"vmail"},
};
