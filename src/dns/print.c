// SPDX-License-Identifier: GPL-3.0-or-later
#include "dns/print.h"

#include <string.h>

#include "base/json_file.h"
#include "base/slice.h"

enum {
	STRING_MAX = 255, /* RFC 1035 §3.3 */
	FOLD = 100,	  /* of a value in the table */
};

static bool same_text(const char *a, const char *b)
{
	return (a && b) ? strcmp(a, b) == 0 : a == b;
}

static void add_folded(struct buffer *text, const char *value)
{
	for (size_t left = strlen(value); left > 0;) {
		size_t size = left < FOLD ? left : FOLD;

		buffer_addf(text, "      %.*s\n", (int)size, value);
		value += size;
		left -= size;
	}
}

void dns_print_table(const struct dns_rows *rows, const char *host, struct buffer *text)
{
	const char *domain = "";

	for (size_t i = 0; i < rows->count; i++) {
		const struct dns_row *row = &rows->items[i];
		const struct dns_kind_entry *kind = &dns_kind_table[row->kind];

		if (!same_text(domain, row->domain))
			buffer_addf(text, "%s%s%s\n", i > 0 ? "\n" : "",
				    row->domain ? row->domain : host,
				    row->domain ? "" : ", this machine");
		domain = row->domain;
		if (strlen(row->value) <= FOLD) {
			buffer_addf(text, "  %s  %s  %s\n", row->name, row->type, row->value);
		} else {
			buffer_addf(text, "  %s  %s, in one piece:\n", row->name, row->type);
			add_folded(text, row->value);
		}
		buffer_addf(text, "      %s: without it %s\n", dns_need_name(row->need),
			    kind->without);
		if (row->remark)
			buffer_addf(text, "      %s\n", row->remark);
	}
}

/* Strings with what would end them or hide something escaped. */
static void add_strings(struct buffer *text, const char *value)
{
	size_t used = 0;

	buffer_add_char(text, '"');
	for (; *value; value++) {
		if (used++ == STRING_MAX) {
			buffer_add_text(text, "\" \"");
			used = 1;
		}
		if (*value == '"' || *value == '\\')
			buffer_add_char(text, '\\');
		buffer_add_char(text, *value);
	}
	buffer_add_char(text, '"');
}

void dns_print_zone(const struct dns_rows *rows, const char *host, struct buffer *text)
{
	const char *domain = "";

	for (size_t i = 0; i < rows->count; i++) {
		const struct dns_row *row = &rows->items[i];

		if (!same_text(domain, row->domain))
			buffer_addf(text, "%s; %s\n", i > 0 ? "\n" : "",
				    row->domain ? row->domain : host);
		domain = row->domain;
		buffer_addf(text, "%s%s. %d IN %s ", row->kind == DNS_KIND_PTR ? "; " : "",
			    row->name, DNS_TTL, row->type);
		if (strcmp(row->type, "TXT") == 0)
			add_strings(text, row->value);
		else
			buffer_add_text(text, row->value);
		buffer_add_char(text, '\n');
	}
}

void dns_print_plain(const struct dns_rows *rows, struct buffer *text)
{
	for (size_t i = 0; i < rows->count; i++)
		buffer_addf(text, "%s\t%s\t%s\n", rows->items[i].name, rows->items[i].type,
			    rows->items[i].value);
}

json_t *dns_rows_json(const struct dns_rows *rows)
{
	_cleanup_json_ json_t *list = json_array();

	for (size_t i = 0; i < rows->count; i++) {
		const struct dns_row *row = &rows->items[i];
		const struct dns_kind_entry *kind = &dns_kind_table[row->kind];
		json_t *item =
		    json_pack("{s:s,s:s,s:s,s:i,s:s,s:s,s:s?,s:s,s:s?}", "name", row->name, "type",
			      row->type, "value", row->value, "ttl", DNS_TTL, "need",
			      dns_need_name(row->need), "kind", kind->name, "domain", row->domain,
			      "without", kind->without, "remark", row->remark);

		if (json_array_append_new(list, item) < 0)
			return NULL;
	}
	return TAKE_POINTER(list);
}

static int add_finding(json_t *list, const struct dns_finding *finding)
{
	_cleanup_(buffer_free) struct buffer sentence = BUFFER_INIT;

	/* Of strangers' texts a part may be in it. */
	slice_add(&sentence, slice_of(finding->sentence), 1000);
	return json_array_append_new(
	    list, json_pack("{s:s,s:s?,s:s?,s:s,s:s,s:b,s:s}", "about", finding->about, "name",
			    finding->name, "type", finding->type, "need",
			    dns_need_name(finding->need), "fault", dns_fault_name(finding->fault),
			    "degrades", finding->degrades, "sentence", buffer_text(&sentence)));
}

static unsigned weight(const struct dns_finding *finding)
{
	return (finding->degrades ? 0 : 4) + finding->need;
}

json_t *dns_result_json(const struct dns_result *result, size_t limit)
{
	const struct dns_findings *findings = &result->findings;
	_cleanup_json_ json_t *list = json_array();
	json_int_t counts[3] = {0};

	for (size_t i = 0; i < findings->count; i++)
		counts[findings->items[i].fault]++;
	for (unsigned step = 0; step <= 4 + DNS_OPTIONAL; step++)
		for (size_t i = 0; i < findings->count && json_array_size(list) < limit; i++)
			if (weight(&findings->items[i]) == step &&
			    add_finding(list, &findings->items[i]) < 0)
				return NULL;
	return json_pack("{s:b,s:s?,s:I,s:I,s:I,s:I,s:I,s:O}", "offline", result->offline, "why",
			 result->why, "checked", (json_int_t)result->checked, "unfinished",
			 (json_int_t)result->unfinished, "missing", counts[DNS_FAULT_MISSING],
			 "wrong", counts[DNS_FAULT_WRONG], "harmful", counts[DNS_FAULT_HARMFUL],
			 "findings", list);
}

static bool is_first_about(const json_t *findings, size_t index)
{
	const char *about = json_text(json_array_get(findings, index), "about");

	for (size_t i = 0; i < index; i++)
		if (strcmp(json_text(json_array_get(findings, i), "about"), about) == 0)
			return false;
	return true;
}

void dns_print_result(const json_t *result, struct buffer *text)
{
	const json_t *findings = json_object_get(result, "findings"), *finding, *other;
	size_t i, j;

	if (json_is_true(json_object_get(result, "offline"))) {
		buffer_addf(text,
			    "the DNS does not answer (%s), so nothing was found out; look at this "
			    "machine's way to the internet\n",
			    json_text(result, "why"));
		return;
	}
	json_array_foreach(findings, i, finding)
	{
		if (!is_first_about(findings, i))
			continue;
		buffer_addf(text, "%s\n", json_text(finding, "about"));
		json_array_foreach(findings, j, other) if (strcmp(json_text(other, "about"),
								  json_text(finding, "about")) == 0)
		    buffer_addf(text, "  %s, %s: %s\n", json_text(other, "need"),
				json_text(other, "fault"), json_text(other, "sentence"));
	}
	if (json_number(result, "unfinished") > 0)
		buffer_addf(text, "%lld could not be asked to the end in time; run it again\n",
			    json_number(result, "unfinished"));
	else if (json_array_size(findings) == 0)
		buffer_addf(text, "nothing is missing, nothing is wrong\n");
}
