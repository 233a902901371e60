// SPDX-License-Identifier: GPL-3.0-or-later
// Row 110 of the table.
/* The account of messages (src/ledger), which takes no settings. */
#include "component/component_rows.h"

const struct component component_account = {
    .name = "account",
    .units = {"postcask-account.service"},
    .accounts = {"postcask-account"},
    .logs = {{"postcask-account", "root", .writer = WRITER_ACCOUNT}},
};
