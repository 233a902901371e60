// SPDX-License-Identifier: GPL-3.0-or-later
// Row 140 of the table.
/* The web server: what clients ask to set themselves up (src/web). */
#include "component/component_rows.h"
#include "component/inner.h"
#include "component/ports.h"

const struct component component_lighttpd = {
    .name = "lighttpd",
    .files = {{"etc/lighttpd/lighttpd.conf", "lighttpd", .mode = 0644, .extra = "lighttpd"},
	      COMPONENT_MARK("lighttpd")},
    /* It takes an option that it does not know for a warning. */
    .checker =
	{"sh", "-c",
	 "said=$(lighttpd -tt -f \"$0\" 2>&1) && [ -z \"$said\" ] || { echo \"$said\"; exit 1; }",
	 "@/etc/lighttpd/lighttpd.conf"},
    .checked_if = COMPONENT_MARKS "/lighttpd",
    .reload_verb = "reload-or-restart",
    .units = {"lighttpd.service", "postcask-web.timer", "postcask-web.path"},
    .wanted = "services.web",
    .ports = PORT_BIT(PORT_HTTPS),
    .inner = {{"watched", INNER_WEB}},
    .keys = {"certificates"},
    .accounts = {"postcask-web"},
    .watches = {{.address = "127.0.0.1",
		 .port = INNER_WEB,
		 .question = "HEAD /robots.txt HTTP/1.0\r\n\r\n",
		 .answer = "HTTP/1.0 200"}},
};
