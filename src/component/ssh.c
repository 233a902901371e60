// SPDX-License-Identifier: GPL-3.0-or-later
// Row 150 of the table.
/* Who reaches ssh.  sshd's own configuration is Debian's; the file is included there if it is there
 * (overlays/etc/ssh/sshd_config.d/40-postcask.conf). */
#include "component/component_rows.h"

const struct component component_ssh = {
    .name = "ssh",
    .files = {{"etc/postcask/ssh-from.conf", "plain", .mode = 0644}},
    .checker = {"/usr/sbin/sshd", "-G", "-f", "@/etc/postcask/ssh-from.conf"},
    .reload_verb = "try-reload-or-restart",
    .units = {"ssh.service"},
    .starts_early = true,
};
