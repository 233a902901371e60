// SPDX-License-Identifier: GPL-3.0-or-later
/* The part of the report on outgoing TLS: how the domains that mail went to are proved. */
#ifndef POSTCASK_REPORT_PART_TLS_H
#define POSTCASK_REPORT_PART_TLS_H

#include <jansson.h>

#include "base/buffer.h"

/* Sets "outward" of the report from RUN/tls/state.json, which postcask-tls writes; nothing before
 * the first mail to another domain. */
void tls_summary_add(json_t *report, const char *run);

/* One line for people, none without any such mail. */
void tls_summary_text(const json_t *report, struct buffer *text);

#endif
