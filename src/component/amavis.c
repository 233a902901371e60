// SPDX-License-Identifier: GPL-3.0-or-later
// Row 50 of the table.
#include "component/component_rows.h"
#include "component/inner.h"

#define FILTER "for the filter (amavis)"

const struct component component_amavis = {
    .name = "amavis",
    .files = {{"etc/amavis/amavisd.conf", "perl", .mode = 0644, .extra = "amavis"},
	      COMPONENT_MARK("amavis")},
    .checked_if = COMPONENT_MARKS "/amavis",
    .checker = {"amavisd", "-c", "@/etc/amavis/amavisd.conf", "test-config"},
    .socket = "/run/amavis/check",
    .reload_verb = "restart",
    .units = {"amavis.service"},
    .wanted = "here.filter",
    .vital = true,
    .inner = {{"incoming", INNER_INCOMING}, {"submitted", INNER_SUBMITTED}, {"local", INNER_LOCAL}},
    .accounts = {"amavis"},
    .needs = &component_clamav,
    .watches = {{.address = "127.0.0.1", .port = INNER_INCOMING, .answer = "220 "}},
    .waits = {{.port = INNER_INCOMING, .what = FILTER},
	      {.port = INNER_SUBMITTED, .what = FILTER},
	      {.port = INNER_LOCAL, .what = FILTER},
	      {{"host 127.0.0.1[127.0.0.1]"}, .what = FILTER},
	      {{"with 127.0.0.1[127.0.0.1]"}, .what = FILTER}},
    .logs = {{"amavis", "amavis", .writer = WRITER_AMAVIS}},
};
