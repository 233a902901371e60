// SPDX-License-Identifier: GPL-3.0-or-later
/* The machine's records, and what a check found, in the forms that people, name servers, web forms
 * and programs want. */
#ifndef POSTCASK_DNS_PRINT_H
#define POSTCASK_DNS_PRINT_H

#include "base/buffer.h"
#include "dns/check.h"
#include "dns/records.h"

/* A table with what breaks without each record. */
void dns_print_table(const struct dns_rows *rows, const char *host, struct buffer *text);

/* Lines of a zone file (RFC 1035 §5.1): whole names with their final dots, TXT in strings of at
 * most 255 characters.  Reverse names are a comment: they are in the zone of whoever owns the
 * address. */
void dns_print_zone(const struct dns_rows *rows, const char *host, struct buffer *text);

/* NAME, TYPE and VALUE between tabulators, TXT as one string, for the forms of providers. */
void dns_print_plain(const struct dns_rows *rows, struct buffer *text);

/* A list of {name, type, value, ttl, need, kind, domain, without, remark}.  NULL when out of
 * memory. */
json_t *dns_rows_json(const struct dns_rows *rows);

/* {offline, why, checked, unfinished, missing, wrong, harmful, findings: [...]}, of which at most
 * `limit` findings; those of the most weight first.  NULL when out of memory. */
json_t *dns_result_json(const struct dns_result *result, size_t limit);

/* For people, from that: a paragraph for each domain. */
void dns_print_result(const json_t *result, struct buffer *text);

#endif
