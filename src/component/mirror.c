// SPDX-License-Identifier: GPL-3.0-or-later
// Row 34 of the table.
/* The people of a directory server or a database (src/mirror).  While it or the server is away they
 * are who they were. */
#include "component/component_rows.h"

const struct component component_mirror = {
    .name = "mirror",
    .files = {{"etc/postcask/mirror", "line", .mode = 0640, .group = "postcask-mirror"},
	      {"etc/postcask/mirror_ca.pem", "pem", .mode = 0644},
	      COMPONENT_MARK("mirror")},
    .reload_verb = "try-restart",
    .units = {"postcask-mirror.service", "postcask-mirror-news.path", "postcask-mirror-back.path",
	      "postcask-rules.path"},
    .wanted = "authentication.mirrored",
    .vital = true,
    .without = "the people of the directory server or the database are who they were",
    .accounts = {"postcask-mirror", "postcask-rules"},
};
