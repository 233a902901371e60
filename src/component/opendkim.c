// SPDX-License-Identifier: GPL-3.0-or-later
// Row 48 of the table.
#include "component/component_rows.h"
#include "component/inner.h"

const struct component component_opendkim = {
    .name = "opendkim",
    .files = {{"etc/opendkim.conf", "plain", .mode = 0644}, COMPONENT_MARK("opendkim")},
    .reload_verb = "reload-or-restart",
    .units = {"opendkim.service"},
    .wanted = "dkim.signer == \"opendkim\"",
    .vital = true,
    .keys = {"dkim"},
    .accounts = {"opendkim"},
    .waits = {{.port = INNER_SIGNED, .what = "for the signer (opendkim)"},
	      {{"[the signer]"}, .what = "for the signer (opendkim)"}},
};
