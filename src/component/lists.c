// SPDX-License-Identifier: GPL-3.0-or-later
// Row 125 of the table.
/* DNS lists of senders (src/lists).  Postfix goes on without it: nobody is listed then.  systemd
 * itself sees whether it hangs (WatchdogSec=). */
#include "component/component_rows.h"

const struct component component_lists = {
    .name = "lists",
    .files = {{"etc/postcask/lists", "postfix", .mode = 0640, .group = "postcask-lists"},
	      COMPONENT_MARK("lists")},
    .reload_verb = "try-restart",
    .units = {"postcask-lists.service"},
    .wanted = "filter.listing",
    .vital = true,
    .without = "mail goes on, and no list of senders is asked",
    .accounts = {"postcask-lists"},
};
