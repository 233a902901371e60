// SPDX-License-Identifier: GPL-3.0-or-later
// Row 27 of the table.
/* Whether a token is good (src/tokens).  Passwords let people in without it. */
#include "component/component_rows.h"
#include "component/inner.h"

const struct component component_tokens = {
    .name = "tokens",
    .files = {{"etc/postcask/tokens", "plain", .mode = 0644},
	      {"etc/postcask/tokens.ca", "pem", .mode = 0644},
	      {"etc/postcask/tokens.keys", "lines", .mode = 0644},
	      COMPONENT_MARK("tokens")},
    .checker = {"/usr/lib/postcask/postcask-tokens", "--check", "--settings",
		"@/etc/postcask/tokens"},
    .reload_verb = "try-restart",
    .units = {"postcask-tokens.service"},
    .wanted = "authentication.oauth.issuer",
    .vital = true,
    .without = "tokens let nobody in, and passwords do as ever",
    .inner = {{"introspection", INNER_TOKENS}},
    .accounts = {"postcask-tokens"},
    .watches = {{.address = "127.0.0.1",
		 .port = INNER_TOKENS,
		 .question = "GET /ping HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
		 .answer = "HTTP/1.1 200"}},
};
