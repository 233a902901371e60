// SPDX-License-Identifier: GPL-3.0-or-later
// Row 25 of the table.
/* What lets people in beside the settings (src/directory).  Dovecot goes on without it. */
#include "component/component_rows.h"

const struct component component_directory = {
    .name = "directory",
    .files = {{"etc/postcask/people", "table", .mode = 0640, .group = "postcask-directory"},
	      COMPONENT_MARK("directory")},
    .units = {"postcask-directory.service"},
    .wanted = "here.logins",
    .vital = true,
    .without = "app passwords let nobody in, and main passwords do as ever",
    .accounts = {"postcask-directory"},
    .watches = {{.address = "/run/postcask/directory/control",
		 .question = "{\"do\":\"ping\"}\n",
		 .answer = "{\"pong\":true}"}},
};
