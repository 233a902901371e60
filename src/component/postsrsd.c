// SPDX-License-Identifier: GPL-3.0-or-later
// Row 45 of the table.
/* Makes the senders of what only passes through into addresses of this machine, and such an
 * address into its sender again (SRS).  Postfix asks it at two ports (main.cf, master.cf). */
#include "component/component_rows.h"
#include "component/inner.h"

#define REWRITER "for the rewriter of forwarded mail's senders (postsrsd)"

const struct component component_postsrsd = {
    .name = "postsrsd",
    .files = {{"etc/default/postsrsd", "plain", .mode = 0644}, COMPONENT_MARK("postsrsd")},
    .reload_verb = "restart",
    .units = {"postsrsd.service"},
    .wanted = "forwarding.srs",
    .vital = true,
    .inner = {{"forward", INNER_SRS_FORWARD}, {"reverse", INNER_SRS_REVERSE}},
    .keys = {"forwarding"},
    .accounts = {"postsrsd"},
    .watches = {{.address = "127.0.0.1",
		 .port = INNER_SRS_REVERSE,
		 .question = "get postmaster\n",
		 .answer = "500 "}},
    .waits = {{{"host 127.0.0.1[127.0.0.1] said: 451 4.3.0 Error: queue file write error"},
	       .what = REWRITER},
	      {.port = INNER_FORWARDED, .what = "for a part of Postfix"}},
};
