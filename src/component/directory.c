// SPDX-License-Identifier: GPL-3.0-or-later
// Row 25 of the table.
/* Who is here, and what lets them in (src/directory).  Others read its files, and go on without it;
 * nobody is changed. */
#include "component/component_rows.h"

const struct component component_directory = {
    .name = "directory",
    .files = {{"etc/postcask/accounts", "line", .mode = 0640, .group = "postcask-directory"}},
    .reload_verb = "reload-or-restart",
    .units = {"postcask-directory.service"},
    .vital = true,
    .without = "users, aliases and passwords are what they were, and nobody can change them",
    .accounts = {"postcask-directory"},
    .watches = {{.address = "/run/postcask/directory/control",
		 .question = "{\"do\":\"ping\"}\n",
		 .answer = "{\"pong\":true}"}},
};
