// SPDX-License-Identifier: GPL-3.0-or-later
/* What makes mail safer and mail programs happier: MTA-STS, reports, services, names. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "dns/judge.h"
#include "dns/tags.h"

/* Records of a version at a name: how many, and the first. */
static size_t count_version(const struct dns_answer *answer, const char *version,
			    const char **ret_first, const char **ret_other)
{
	const struct dns_record *record;
	size_t count = 0;

	*ret_first = *ret_other = NULL;
	for (size_t i = 0; (record = dns_answer_next(answer, "TXT", &i));)
		if (!dns_tag_version(record->value, version))
			*ret_other = record->value;
		else if (count++ == 0)
			*ret_first = record->value;
	return count;
}

/* The policy that is served, line by line (RFC 8461 §3.2): whether it is the one of the settings.
 */
static void judge_served_policy(struct judgement *judgement, const struct dns_row *row)
{
	const char *policy, *why = NULL, *stranger;
	char name[300];

	snprintf(name, sizeof(name), "mta-sts.%s", judgement->about);
	/* Where it leads is the row of that name. */
	if (judge_leads(judgement, name, &stranger) != LEADS_HERE || judgement->open)
		return;
	policy = judgement->policy(judgement->context, judgement->about, &why);
	if (!policy)
		judge_say(judgement, row, DNS_FAULT_WRONG,
			  "the MTA-STS policy of %s cannot be fetched from https://%s/ (%s); look "
			  "at the web "
			  "server and its certificate, or set dns.mta_sts to none",
			  judgement->about, name, why ? why : "nobody answers");
	else if (strcmp(policy, judgement->facts->sts_policy) != 0)
		judge_say(judgement, row, DNS_FAULT_WRONG,
			  "https://%s/ serves another MTA-STS policy than the settings make; run "
			  "`postcask "
			  "apply` with them again",
			  name);
}

void judge_sts(struct judgement *judgement, const struct judged *judged)
{
	const struct dns_row *row = &judged->rows[0];
	const char *found, *other;
	struct slice id = {"", 0};
	struct view view;
	size_t count;

	if (!judge_view(judgement, row->name, "TXT", &view) || !view.answer)
		return;
	count = count_version(view.answer, "STSv1", &found, &other);
	if (count == 0 && !other) {
		judge_say_missing(judgement, row);
		return;
	}
	if (count == 0)
		judge_say(judgement, row, DNS_FAULT_WRONG,
			  "the TXT record \"%.60s\" of %s is none of MTA-STS; write %s", other,
			  row->name, row->value);
	else if (count > 1)
		judge_say(judgement, row, DNS_FAULT_WRONG,
			  "%s has %zu MTA-STS records, so that none of them counts; leave one",
			  row->name, count);
	else if (!dns_tag_find(found, "id", &id) ||
		 !slice_equal(id, slice_of(judgement->facts->sts_id)))
		judge_say(
		    judgement, row, DNS_FAULT_WRONG,
		    "the id of %s is not the policy's, so that others go on with an old one; write "
		    "%s",
		    row->name, row->value);
	judge_served_policy(judgement, row);
}

void judge_reports(struct judgement *judgement, const struct judged *judged)
{
	const struct dns_row *row = &judged->rows[0];
	const char *found, *other;
	struct slice address;
	struct view view;
	size_t count;

	if (!judge_view(judgement, row->name, "TXT", &view) || !view.answer)
		return;
	count = count_version(view.answer, "TLSRPTv1", &found, &other);
	if (count == 0 && !other)
		judge_say_missing(judgement, row);
	else if (count == 0)
		judge_say(judgement, row, DNS_FAULT_WRONG,
			  "the TXT record \"%.60s\" of %s asks for no reports; write %s", other,
			  row->name, row->value);
	else if (count > 1)
		judge_say(
		    judgement, row, DNS_FAULT_WRONG,
		    "%s has %zu records of TLS reports, so that none of them counts; leave one",
		    row->name, count);
	else if (!dns_tag_find(found, "rua", &address) ||
		 (!slice_starts(address, SLICE("mailto:")) &&
		  !slice_starts(address, SLICE("https:"))))
		judge_say(judgement, row, DNS_FAULT_WRONG,
			  "the record of %s names nobody who gets the reports; write %s", row->name,
			  row->value);
}

/* "0 1 993 mail.example.org.": priority and weight are the owner's matter. */
static bool same_service(const char *a, const char *b)
{
	unsigned port_a, port_b;
	char name_a[256], name_b[256];

	return sscanf(a, "%*u %*u %u %255s", &port_a, name_a) == 2 &&
	       sscanf(b, "%*u %*u %u %255s", &port_b, name_b) == 2 &&
	       (port_a == port_b || strcmp(name_a, ".") == 0) && dns_name_equal(name_a, name_b);
}

void judge_service(struct judgement *judgement, const struct judged *judged)
{
	for (size_t i = 0; i < judged->count; i++) {
		const struct dns_row *row = &judged->rows[i];
		const struct dns_record *record;
		bool null = strstr(row->value, " .") != NULL;
		struct view view;

		if (!judge_view(judgement, row->name, "SRV", &view) || !view.answer)
			continue;
		if (dns_answer_count(view.answer, "SRV") == 0)
			judge_say_missing(judgement, row);
		for (size_t j = 0; (record = dns_answer_next(view.answer, "SRV", &j));)
			if (!same_service(record->value, row->value))
				judge_say(judgement, row, DNS_FAULT_WRONG,
					  "the SRV record %s of %s %s; write %s", record->value,
					  row->name,
					  null ? "is of what this machine does not offer there"
					       : "leads mail programs elsewhere",
					  row->value);
	}
}

/* Another name for the host: an alias, or its addresses. */
void judge_name(struct judgement *judgement, const struct judged *judged)
{
	for (size_t i = 0; i < judged->count; i++) {
		const struct dns_row *row = &judged->rows[i];
		const char *stranger;

		switch (judge_leads(judgement, row->name, &stranger)) {
		case LEADS_NOWHERE:
			judge_say_missing(judgement, row);
			break;
		case LEADS_ELSEWHERE:
			judge_say(judgement, row, DNS_FAULT_WRONG,
				  "%s leads to %s, which is not this machine; write %s %s",
				  row->name, stranger, row->type, row->value);
			break;
		case LEADS_UNKNOWN:
		case LEADS_HERE:
			break;
		}
	}
}

/* An alias has no records of its own: those of the host are its. */
void judge_no_mail(struct judgement *judgement, const struct judged *judged)
{
	for (size_t i = 0; i < judged->count; i++) {
		const struct dns_row *row = &judged->rows[i];
		const struct dns_record *record;
		bool there = false;
		struct view view;

		if (!judge_view(judgement, row->name, row->type, &view) || !view.answer ||
		    dns_answer_count(view.items[0].answer, "CNAME") > 0)
			continue;
		for (size_t j = 0; (record = dns_answer_next(view.answer, row->type, &j));)
			there |= strcmp(row->type, "MX") == 0 ||
				 strncasecmp(record->value, "v=spf1", strlen("v=spf1")) == 0;
		if (!there)
			judge_say_missing(judgement, row);
	}
}

/* A policy that somebody published for a certificate that nobody trusts, or that is off. */
static void judge_left_policy(struct judgement *judgement, const char *domain)
{
	const char *found, *other;
	struct dns_row row = {.type = "TXT", .need = DNS_REQUIRED};
	char name[300];
	struct view view;

	snprintf(name, sizeof(name), "_mta-sts.%s", domain);
	row.name = name;
	if (!judge_view(judgement, name, "TXT", &view) || !view.answer ||
	    count_version(view.answer, "STSv1", &found, &other) == 0)
		return;
	if (!judgement->facts->public)
		judge_say(
		    judgement, &row, DNS_FAULT_HARMFUL,
		    "%s says that mail to %s comes by MTA-STS, but no stranger trusts this "
		    "machine's "
		    "certificate, so that careful servers send nothing; remove it, or set tls.acme",
		    name, domain);
	else
		judge_say(judgement, &row, DNS_FAULT_WRONG,
			  "%s says that there is an MTA-STS policy of %s, but the settings make "
			  "none; remove "
			  "it, or set dns.mta_sts",
			  name, domain);
}

/* An alias at the domain itself takes the MX and the NS records away (RFC 1034 §3.6.2). */
static void judge_alias(struct judgement *judgement, const char *domain)
{
	const struct dns_answer *answer = judge_look(judgement, domain, "CNAME");

	if (answer && dns_answer_count(answer, "CNAME") > 0)
		judge_say(
		    judgement, NULL, DNS_FAULT_WRONG,
		    "%s is an alias (CNAME), which a mail domain must not be, for it has other "
		    "records too; write addresses there",
		    domain);
}

void judge_domain_more(struct judgement *judgement, const char *domain)
{
	judge_alias(judgement, domain);
	if (!judgement->facts->sts)
		judge_left_policy(judgement, domain);
}
