// SPDX-License-Identifier: GPL-3.0-or-later
#include "dns/judge.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
	ALIASES_MAX = 8,
	VALUE_SHOWN = 120, /* of a value in a sentence */
};

void judge_say(struct judgement *judgement, const struct dns_row *row, enum dns_fault fault,
	       const char *format, ...)
{
	struct dns_finding finding = {.fault = fault,
				      .need = row ? row->need : DNS_REQUIRED,
				      .about = judgement->about,
				      .name = row ? row->name : NULL,
				      .type = row ? row->type : NULL};
	va_list arguments;

	va_start(arguments, format);
	dns_findings_vadd(judgement->findings, &finding, format, arguments);
	va_end(arguments);
}

const char *judge_advice(const struct dns_row *row, char *text, size_t size)
{
	if (strlen(row->value) <= VALUE_SHOWN)
		snprintf(text, size, "write %s", row->value);
	else
		snprintf(text, size, "write what `postcask dns` prints for it");
	return text;
}

/* "example.org.example.org": a provider's form adds the domain by itself. */
static bool is_doubled(struct judgement *judgement, const struct dns_row *row)
{
	char doubled[512];
	const struct dns_answer *answer;

	snprintf(doubled, sizeof(doubled), "%s.%s", row->name, judgement->zone.apex);
	answer = judge_look(judgement, doubled, row->type);
	if (!answer || dns_answer_count(answer, row->type) == 0)
		return false;
	judge_say(judgement, row, DNS_FAULT_MISSING,
		  "the %s record of %s lies at %s, with the domain twice; write its name there "
		  "without the domain at its end, or with a final dot",
		  row->type, row->name, doubled);
	return true;
}

void judge_say_missing(struct judgement *judgement, const struct dns_row *row)
{
	const struct dns_kind_entry *kind = &dns_kind_table[row->kind];
	char advice[ADVICE_SIZE];

	if (dns_name_below(row->name, judgement->zone.apex) && is_doubled(judgement, row))
		return;
	judge_advice(row, advice, sizeof(advice));
	if (strcmp(row->type, "TXT") == 0)
		judge_say(judgement, row, DNS_FAULT_MISSING, "%s has no %s record (TXT), so %s; %s",
			  row->name, kind->name, kind->without, advice);
	else
		judge_say(judgement, row, DNS_FAULT_MISSING, "%s has no %s record, so %s; %s",
			  row->name, row->type, kind->without, advice);
}

static bool same_records(const struct dns_answer *a, const struct dns_answer *b, const char *type)
{
	const struct dns_record *one, *other;

	if (dns_answer_count(a, type) != dns_answer_count(b, type))
		return false;
	for (size_t i = 0; (one = dns_answer_next(a, type, &i));) {
		bool found = false;

		for (size_t j = 0; !found && (other = dns_answer_next(b, type, &j));)
			found = dns_value_equal(type, one->value, other->value);
		if (!found)
			return false;
	}
	return true;
}

static void say_different(struct judgement *judgement, const struct view *view, size_t other,
			  const char *name, const char *type)
{
	const struct dns_server *one = view->items[0].server, *two = view->items[other].server;
	struct dns_row about = {.name = (char *)name, .type = type, .need = DNS_REQUIRED};

	judge_say(
	    judgement, &about, DNS_FAULT_WRONG,
	    "the name servers %.*s (%s) and %.*s (%s) show different %s records of %s; have both "
	    "serve the same zone",
	    dns_name_size(one->name), one->name, one->address, dns_name_size(two->name), two->name,
	    two->address, type, name);
}

/* False while an answer is to come. */
static bool ask_servers(struct judgement *judgement, const struct dns_zone *zone, const char *name,
			const char *type, struct view *view, bool *ret_heard)
{
	bool whole = true;

	*view = (struct view){.count = 0};
	*ret_heard = false;
	for (size_t i = 0; i < zone->count; i++) {
		const struct dns_server *server = &zone->servers[i];
		const struct dns_answer *answer;

		if (!server->address)
			continue;
		answer = dns_book_look_at(judgement->book, server->address, name, type);
		if (!answer) {
			whole = false;
			continue;
		}
		*ret_heard |= answer->code != DNS_SILENT;
		if (answer->code == DNS_SILENT || !answer->authoritative)
			continue;
		view->items[view->count].server = server;
		view->items[view->count++].answer = answer;
	}
	if (!whole)
		judgement->open = true;
	return whole;
}

bool judge_view(struct judgement *judgement, const char *name, const char *type, struct view *ret)
{
	struct dns_zone zone = judgement->zone;
	bool heard = true;

	if (!dns_name_below(name, zone.apex) && !dns_zone_find(judgement->book, name, &zone)) {
		judgement->open = true;
		return false;
	}
	if (!ask_servers(judgement, &zone, name, type, ret, &heard))
		return false;
	if (ret->count == 0 && heard) { /* what is below is somebody else's */
		if (!dns_zone_find(judgement->book, name, &zone)) {
			judgement->open = true;
			return false;
		}
		if (!ask_servers(judgement, &zone, name, type, ret, &heard))
			return false;
	}
	for (size_t i = 1; i < ret->count; i++)
		if (!same_records(ret->items[0].answer, ret->items[i].answer, type)) {
			say_different(judgement, ret, i, name, type);
			break;
		}
	ret->answer = ret->count > 0 ? ret->items[0].answer : NULL;
	if (ret->answer && dns_answer_count(ret->answer, type) == 0) {
		const char *alias = dns_answer_alias(ret->answer, name);

		if (alias != name)
			ret->answer = judge_look(judgement, alias, type);
		if (!ret->answer)
			return false;
	}
	return true;
}

/* Of a name in the zones that this is about: the first authoritative server's. */
static const struct dns_answer *look_fresh(struct judgement *judgement, const char *name,
					   const char *type)
{
	const struct dns_zone *zone = &judgement->zone;

	for (size_t i = 0; i < zone->count; i++) {
		const struct dns_answer *answer =
		    zone->servers[i].address
			? dns_book_look_at(judgement->book, zone->servers[i].address, name, type)
			: NULL;

		if (zone->servers[i].address && !answer)
			return NULL;
		if (answer && answer->code != DNS_SILENT && answer->authoritative)
			return answer;
	}
	return dns_book_look(judgement->book, name, type);
}

const struct dns_answer *judge_look(void *context, const char *name, const char *type)
{
	struct judgement *judgement = context;
	const struct dns_answer *answer = NULL;

	for (int aliases = 0; aliases < ALIASES_MAX; aliases++) {
		const char *alias;
		bool fresh = judgement->zone.apex && dns_name_below(name, judgement->zone.apex);

		answer = fresh ? look_fresh(judgement, name, type)
			       : dns_book_look(judgement->book, name, type);
		if (!answer) {
			judgement->open = true;
			return NULL;
		}
		if (!fresh || dns_answer_count(answer, type) > 0)
			return answer;
		alias = dns_answer_alias(answer, name);
		if (alias == name)
			return answer;
		name = alias;
	}
	return answer;
}

enum leads judge_leads(struct judgement *judgement, const char *name, const char **ret_found)
{
	static const char *const types[] = {"A", "AAAA"};
	bool here = false, unknown = judgement->facts->address_count == 0;

	*ret_found = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		const struct dns_answer *answer = judge_look(judgement, name, types[i]);
		const struct dns_record *record;

		if (!answer || answer->code == DNS_SILENT) {
			unknown = true;
			continue;
		}
		for (size_t j = 0; (record = dns_answer_next(answer, types[i], &j));) {
			here |= dns_facts_is_ours(judgement->facts, record->value);
			if (!dns_facts_is_ours(judgement->facts, record->value))
				*ret_found = record->value;
		}
	}
	if (unknown)
		return LEADS_UNKNOWN;
	if (*ret_found)
		return LEADS_ELSEWHERE;
	return here ? LEADS_HERE : LEADS_NOWHERE;
}
