// SPDX-License-Identifier: GPL-3.0-or-later
/* The DNS's part of the report: what postcask-dns found last. */
#ifndef POSTCASK_REPORT_PART_DNS_H
#define POSTCASK_REPORT_PART_DNS_H

#include <jansson.h>

#include "base/buffer.h"

/* Sets "dns" of the report from RUN/dns/report.json; nothing before the first look.
 *
 * What is not published yet is no fault of the machine: a line for people, and the state stays.
 * What is published and keeps mail away that goes by it already makes it degraded: a key on port 25
 * that is not in a signed zone, a signature that fails, a policy that nobody can keep to. */
void dns_summary_add(json_t *report, const char *run);

/* One line for people, none when nothing was found. */
void dns_summary_text(const json_t *report, struct buffer *text);

#endif
