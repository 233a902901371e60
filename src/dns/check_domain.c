// SPDX-License-Identifier: GPL-3.0-or-later
/* Where a domain's mail goes, and who may send for it. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "dns/judge.h"
#include "dns/spf.h"

/* "10 mail.example.org." -> the name. */
static const char *exchange_of(const struct dns_record *record)
{
	const char *blank = strchr(record->value, ' ');

	return blank ? blank + 1 : "";
}

static bool is_address(const char *name)
{
	unsigned char bytes[16];
	char text[64];

	snprintf(text, sizeof(text), "%.*s", dns_name_size(name), name);
	return inet_pton(AF_INET, text, bytes) == 1 || inet_pton(AF_INET6, text, bytes) == 1;
}

/* One MX record; true when it is this machine. */
static bool judge_exchange(struct judgement *judgement, const struct dns_row *row, const char *name)
{
	const struct dns_answer *answer;
	const char *stranger;
	int size = dns_name_size(name);

	if (is_address(name)) {
		judge_say(judgement, row, DNS_FAULT_WRONG,
			  "the MX of %s is the address %.*s, where a name must be; write %s",
			  row->name, size, name, row->value);
		return true; /* meant to be, and said */
	}
	answer = judge_look(judgement, name, "CNAME");
	if (answer && dns_answer_count(answer, "CNAME") > 0)
		judge_say(judgement, row, DNS_FAULT_WRONG,
			  "the MX of %s is %.*s, which is an alias (CNAME), as RFC 5321 forbids; "
			  "write %s",
			  row->name, size, name, row->value);
	switch (judge_leads(judgement, name, &stranger)) {
	case LEADS_ELSEWHERE:
		if (!dns_name_equal(name, judgement->facts->host))
			judge_say(judgement, row, DNS_FAULT_WRONG,
				  "the MX of %s names %.*s as well, which is not this machine "
				  "(%s); remove "
				  "it, unless that server passes mail on to this one",
				  row->name, size, name, stranger);
		return dns_name_equal(name, judgement->facts->host);
	case LEADS_NOWHERE:
		if (!dns_name_equal(name, judgement->facts->host))
			judge_say(judgement, row, DNS_FAULT_WRONG,
				  "the MX of %s is %.*s, which has no address; write %s", row->name,
				  size, name, row->value);
		return dns_name_equal(name, judgement->facts->host);
	case LEADS_UNKNOWN:
	case LEADS_HERE:
		break;
	}
	return true;
}

static void judge_exchanges(struct judgement *judgement, const struct judged *judged)
{
	const struct dns_row *row = &judged->rows[0];
	size_t before = judgement->findings->count, ours = 0, count = 0;
	const struct dns_record *record;
	const char *other = "";
	struct view view;

	if (!judge_view(judgement, row->name, "MX", &view) || !view.answer)
		return;
	if (dns_answer_count(view.answer, "MX") == 0) {
		judge_say_missing(judgement, row);
		return;
	}
	for (size_t i = 0; (record = dns_answer_next(view.answer, "MX", &i)); count++) {
		const char *name = exchange_of(record);

		if (strcmp(name, ".") == 0) {
			judge_say(
			    judgement, row, DNS_FAULT_WRONG,
			    "the MX of %s says that it takes no mail at all; write %s instead",
			    row->name, row->value);
			return;
		}
		if (judge_exchange(judgement, row, name))
			ours++;
		else
			other = name;
	}
	if (ours > 0) {
		judgement->in_use = true;
		return;
	}
	dns_findings_cut(judgement->findings, before); /* one sentence for all of them */
	judge_say(
	    judgement, row, DNS_FAULT_WRONG,
	    "the MX of %s is %.*s, which is not this machine, so mail goes there; write %s instead",
	    row->name, dns_name_size(other), other, row->value);
}

void judge_mx(struct judgement *judgement, const struct judged *judged)
{
	size_t before = judgement->findings->count;

	judge_exchanges(judgement, judged);
	judgement->mx_wrong = judgement->findings->count > before;
}

/* What somebody meant to be one. */
static bool is_nearly(const char *text)
{
	text += strspn(text, " \"'");
	return strncasecmp(text, "v=spf", 5) == 0 || strncasecmp(text, "spf1", 4) == 0 ||
	       strncasecmp(text, "v = spf", 7) == 0;
}

/* NULL when there is not exactly one, which is said. */
static const char *find_spf(struct judgement *judgement, const struct dns_row *row,
			    const struct dns_answer *answer)
{
	const struct dns_record *record;
	const char *found = NULL, *nearly = NULL;
	size_t count = 0;

	for (size_t i = 0; (record = dns_answer_next(answer, "TXT", &i));) {
		if (spf_is_record(record->value)) {
			found = record->value;
			count++;
		} else if (is_nearly(record->value)) {
			nearly = record->value;
		}
	}
	if (count > 1)
		judge_say(judgement, row, DNS_FAULT_HARMFUL,
			  "%s has %zu SPF records, so that none of them counts; make one of them",
			  row->name, count);
	else if (!found && nearly)
		judge_say(
		    judgement, row, DNS_FAULT_WRONG,
		    "the TXT record \"%.60s\" of %s is no SPF record; begin it with v=spf1 and a "
		    "blank, without quotes inside",
		    nearly, row->name);
	else if (!found)
		judge_say_missing(judgement, row);
	return count == 1 ? found : NULL;
}

static const char *word_of(enum spf_result result)
{
	switch (result) {
	case SPF_FAIL:
		return "fail";
	case SPF_SOFTFAIL:
		return "softfail";
	default:
		return "neutral";
	}
}

static void judge_costs(struct judgement *judgement, const struct dns_row *row,
			const struct spf_verdict *verdict)
{
	if (verdict->lookups > SPF_LOOKUPS_MAX)
		judge_say(judgement, row, DNS_FAULT_HARMFUL,
			  "the SPF record of %s needs %u look-ups where %d are allowed, so that it "
			  "counts "
			  "for nothing; take includes out, or write their ip4: and ip6: instead",
			  row->name, verdict->lookups, SPF_LOOKUPS_MAX);
	else if (verdict->voids > SPF_VOIDS_MAX)
		judge_say(
		    judgement, row, DNS_FAULT_HARMFUL,
		    "the SPF record of %s refers to %u names that are not there, where %d are "
		    "allowed; take them out",
		    row->name, verdict->voids, SPF_VOIDS_MAX);
	if (verdict->everybody)
		judge_say(
		    judgement, row, DNS_FAULT_WRONG,
		    "the SPF record of %s ends in +all, which lets everybody send in its name; end "
		    "it in ~all",
		    row->name);
	else if (verdict->open_end)
		judge_say(judgement, row, DNS_FAULT_WRONG,
			  "the SPF record of %s does not say what of all others; end it in ~all",
			  row->name);
	if (verdict->ptr)
		judge_say(
		    judgement, row, DNS_FAULT_WRONG,
		    "the SPF record of %s uses ptr, which many receivers ignore; write mx or ip4: "
		    "instead",
		    row->name);
}

/* That an address of ours does not pass.  True: one sentence is enough. */
static bool judge_pass(struct judgement *judgement, const struct dns_row *row, const char *text,
		       const char *address, enum spf_result result)
{
	if (result != SPF_FAIL && result != SPF_SOFTFAIL && result != SPF_NEUTRAL)
		return false;
	if (dns_facts_smarthost(judgement->facts))
		return false; /* receivers see the smarthost's address; which it has, it knows */
	if (row->kind == DNS_KIND_SPF && judgement->mx_wrong && strstr(text, " mx"))
		return true; /* it will be right when the MX is */
	judge_say(judgement, row, DNS_FAULT_HARMFUL,
		  "the SPF record of %s does not let this machine send (%s: %s); add %s to it",
		  row->name, address, word_of(result), row->kind == DNS_KIND_HELO ? "a" : "mx");
	return true;
}

void judge_spf(struct judgement *judgement, const struct judged *judged)
{
	const struct dns_row *row = &judged->rows[0];
	const struct dns_facts *facts = judgement->facts;
	struct spf_verdict verdict = {0};
	const char *text;
	struct view view;

	if (!judge_view(judgement, row->name, "TXT", &view) || !view.answer)
		return;
	text = find_spf(judgement, row, view.answer);
	for (size_t i = 0; text && i < facts->address_count; i++) {
		spf_evaluate(row->name, text, facts->addresses[i], judge_look, judgement, &verdict);
		if (verdict.result == SPF_OPEN) {
			judgement->open = true;
			return;
		}
		if (verdict.result == SPF_BROKEN) {
			judge_say(judgement, row, DNS_FAULT_HARMFUL,
				  "the SPF record of %s is broken: %s; correct it, or write %s",
				  row->name, verdict.why, row->value);
			return;
		}
		if (judge_pass(judgement, row, text, facts->addresses[i], verdict.result))
			break;
	}
	if (text && facts->address_count > 0)
		judge_costs(judgement, row, &verdict);
}
