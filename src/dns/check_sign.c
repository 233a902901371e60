// SPDX-License-Identifier: GPL-3.0-or-later
/* DKIM and DMARC. */
#include <stdio.h>
#include <string.h>

#include "dns/judge.h"
#include "dns/tags.h"

static bool same_without_blanks(struct slice a, struct slice b)
{
	size_t i = 0, j = 0;

	for (;;) {
		while (i < a.size && strchr(" \t\"", a.at[i]))
			i++;
		while (j < b.size && strchr(" \t\"", b.at[j]))
			j++;
		if (i == a.size || j == b.size)
			return i == a.size && j == b.size;
		if (a.at[i++] != b.at[j++])
			return false;
	}
}

static struct slice tag_of(const char *record, const char *name)
{
	struct slice value = {"", 0};

	(void)dns_tag_find(record, name, &value);
	return value;
}

static bool has_word(struct slice list, const char *word)
{
	struct slice one;

	while (slice_until(&list, SLICE(":"), &one))
		if (slice_equal_case(one, slice_of(word)))
			return true;
	return slice_equal_case(list, slice_of(word));
}

/* What stands in the way of a record that has the right key; NULL when nothing does. */
static const char *hindrance(const char *record)
{
	struct slice hashes = tag_of(record, "h"), services = tag_of(record, "s");

	if (has_word(tag_of(record, "t"), "y"))
		return "says t=y, for tests, so that many receivers ignore it; leave t=y out";
	if (hashes.size > 0 && !has_word(hashes, "sha256"))
		return "does not allow sha256 in h=; leave h= out";
	if (services.size > 0 && !has_word(services, "email") && !has_word(services, "*"))
		return "is not for mail by its s=; leave s= out";
	if (memchr(tag_of(record, "p").at, '"', tag_of(record, "p").size))
		return "has quotes inside; enter it as one string, or each part in quotes of its "
		       "own";
	if (tag_of(record, "v").size > 0 && !dns_tag_version(record, "DKIM1"))
		return "does not begin with v=DKIM1; begin it so";
	return NULL;
}

static void judge_key(struct judgement *judgement, const struct dns_row *row,
		      const struct dns_answer *answer)
{
	struct slice wanted = tag_of(row->value, "p"), found;
	const struct dns_record *record;
	const char *against;
	size_t index = 0;

	record = dns_answer_next(answer, "TXT", &index);
	if (dns_answer_count(answer, "TXT") > 1) {
		judge_say(
		    judgement, row, DNS_FAULT_WRONG,
		    "%s has %zu TXT records, so that receivers may take the wrong one; enter the "
		    "key as one record, of several strings where it is too long for one",
		    row->name, dns_answer_count(answer, "TXT"));
		return;
	}
	found = tag_of(record->value, "p");
	if (!slice_equal(found, wanted)) {
		if (same_without_blanks(found, wanted))
			judge_say(judgement, row, DNS_FAULT_HARMFUL,
				  "the key at %s has blanks or quotes inside; enter it again in "
				  "one piece, "
				  "or in strings without blanks at their ends",
				  row->name);
		else if (found.size == 0)
			judge_say(
			    judgement, row, DNS_FAULT_HARMFUL,
			    "the record of %s revokes the key (p= is empty); write what `postcask "
			    "dns` prints for it",
			    row->name);
		else if (found.size < wanted.size && slice_starts(wanted, found))
			judge_say(judgement, row, DNS_FAULT_HARMFUL,
				  "the key at %s is cut off after %zu characters; enter it in "
				  "strings of at "
				  "most 255, as `postcask dns --zone` prints it",
				  row->name, found.size);
		else
			judge_say(judgement, row, DNS_FAULT_HARMFUL,
				  "the key at %s is not this machine's, so that its signatures "
				  "fail; write "
				  "what `postcask dns` prints for it",
				  row->name);
		return;
	}
	against = hindrance(record->value);
	if (against)
		judge_say(judgement, row, DNS_FAULT_WRONG, "the DKIM record of %s %s", row->name,
			  against);
}

void judge_dkim(struct judgement *judgement, const struct judged *judged)
{
	for (size_t i = 0; i < judged->count; i++) {
		const struct dns_row *row = &judged->rows[i];
		struct view view;

		if (!judge_view(judgement, row->name, "TXT", &view) || !view.answer)
			continue;
		if (dns_answer_count(view.answer, "TXT") > 0)
			judge_key(judgement, row, view.answer);
		else if (tag_of(row->value, "p").size > 0) /* a revoked one may be gone as well */
			judge_say_missing(judgement, row);
	}
}

/* Reports to another domain: it must have said that it takes them (RFC 9990 §4). */
static void judge_report_address(struct judgement *judgement, const struct dns_row *row,
				 struct slice uri)
{
	struct slice scheme = SLICE("mailto:"), local;
	char domain[256], name[600];
	const struct dns_answer *answer;
	const struct dns_record *record;
	bool takes = false;

	while (uri.size > 0 && *uri.at == ' ')
		uri.at++, uri.size--;
	if (uri.size < scheme.size ||
	    !slice_equal_case((struct slice){uri.at, scheme.size}, scheme)) {
		judge_say(judgement, row, DNS_FAULT_WRONG,
			  "the DMARC record of %s has %.*s for reports, which is no address; write "
			  "mailto: before it",
			  judgement->about, (int)(uri.size < 80 ? uri.size : 80), uri.at);
		return;
	}
	uri.at += scheme.size;
	uri.size -= scheme.size;
	if (!slice_until(&uri, SLICE("@"), &local))
		return;
	slice_copy((struct slice){uri.at, strcspn(uri.at, "!,; ") < uri.size
					      ? strcspn(uri.at, "!,; ")
					      : uri.size},
		   domain, sizeof(domain));
	if (dns_name_below(domain, judgement->about) || dns_name_below(judgement->about, domain))
		return;
	snprintf(name, sizeof(name), "%s._report._dmarc.%s", judgement->about, domain);
	answer = judge_look(judgement, name, "TXT");
	if (!answer || answer->code == DNS_SILENT)
		return;
	for (size_t i = 0; (record = dns_answer_next(answer, "TXT", &i));)
		takes |= dns_tag_version(record->value, "DMARC1");
	if (!takes)
		judge_say(
		    judgement, row, DNS_FAULT_WRONG,
		    "reports of %s are to go to %s, which does not take them; enter at %s the TXT "
		    "record v=DMARC1, or write an address of your own into rua",
		    judgement->about, domain, name);
}

static void judge_reports_of(struct judgement *judgement, const struct dns_row *row,
			     const char *record, const char *tag)
{
	struct slice list, uri;

	if (!dns_tag_find(record, tag, &list))
		return;
	while (list.size > 0) {
		if (!slice_until(&list, SLICE(","), &uri)) {
			uri = list;
			list.size = 0;
		}
		judge_report_address(judgement, row, uri);
	}
}

static bool is_one_of(struct slice value, const char *const *words)
{
	for (; *words; words++)
		if (slice_equal_case(value, slice_of(*words)))
			return true;
	return false;
}

static const char *const POLICIES[] = {"none", "quarantine", "reject", NULL};
static const char *const ALIGNMENTS[] = {"r", "s", NULL};
static const char *const SWITCHES[] = {"y", "n", "u", NULL};

/* RFC 9989 §4.7; tags that it does not know are ignored, but those that it took away are said. */
static const struct {
	const char *name;
	const char *const *values; /* NULL: any */
	bool gone;
} TAGS[] = {
    {"v", NULL, false},	      {"p", POLICIES, false},	    {"sp", POLICIES, false},
    {"np", POLICIES, false},  {"adkim", ALIGNMENTS, false}, {"aspf", ALIGNMENTS, false},
    {"psd", SWITCHES, false}, {"t", SWITCHES, false},	    {"rua", NULL, false},
    {"ruf", NULL, false},     {"fo", NULL, false},	    {"pct", NULL, true},
    {"rf", NULL, true},	      {"ri", NULL, true},
};

static void judge_tag(struct judgement *judgement, const struct dns_row *row,
		      const struct dns_tag *tag)
{
	for (size_t i = 0; i < ARRAY_SIZE(TAGS); i++) {
		if (!slice_equal_case(tag->name, slice_of(TAGS[i].name)))
			continue;
		if (TAGS[i].gone)
			judge_say(judgement, row, DNS_FAULT_WRONG,
				  "the DMARC record of %s has %s=, which RFC 9989 took away; leave "
				  "it out",
				  judgement->about, TAGS[i].name);
		else if (TAGS[i].values && !is_one_of(tag->value, TAGS[i].values))
			judge_say(judgement, row, DNS_FAULT_WRONG,
				  "the DMARC record of %s has %s=%.*s, which is nothing it knows; "
				  "write %s "
				  "there",
				  judgement->about, TAGS[i].name,
				  (int)(tag->value.size < 40 ? tag->value.size : 40), tag->value.at,
				  TAGS[i].values[0]);
		return;
	}
}

static void judge_policy(struct judgement *judgement, const struct dns_row *row, const char *record)
{
	struct slice list = slice_of(record);
	enum dns_tag_kind kind;
	struct dns_tag tag;

	while ((kind = dns_tag_next(&list, &tag)) != DNS_TAG_END)
		if (kind == DNS_TAG_BROKEN)
			judge_say(judgement, row, DNS_FAULT_WRONG,
				  "the DMARC record of %s has \"%.*s\", which is no tag; write "
				  "tag=value, "
				  "with a semicolon between",
				  judgement->about, (int)(tag.name.size < 40 ? tag.name.size : 40),
				  tag.name.at);
		else
			judge_tag(judgement, row, &tag);
	judge_reports_of(judgement, row, record, "rua");
	judge_reports_of(judgement, row, record, "ruf");
}

/* At the domain itself, where nobody looks. */
static bool is_misplaced(struct judgement *judgement, const struct dns_row *row)
{
	const struct dns_answer *answer = judge_look(judgement, judgement->about, "TXT");
	const struct dns_record *record;

	for (size_t i = 0; answer && (record = dns_answer_next(answer, "TXT", &i));)
		if (dns_tag_version(record->value, "DMARC1")) {
			judge_say(
			    judgement, row, DNS_FAULT_MISSING,
			    "the DMARC record of %s lies at the domain itself, where nobody looks; "
			    "enter it at %s",
			    judgement->about, row->name);
			return true;
		}
	return false;
}

void judge_dmarc(struct judgement *judgement, const struct judged *judged)
{
	const struct dns_row *row = &judged->rows[0];
	const struct dns_record *record;
	const char *found = NULL, *nearly = NULL;
	size_t count = 0;
	struct view view;

	if (!judge_view(judgement, row->name, "TXT", &view) || !view.answer)
		return;
	for (size_t i = 0; (record = dns_answer_next(view.answer, "TXT", &i));)
		if (dns_tag_version(record->value, "DMARC1")) {
			found = record->value;
			count++;
		} else {
			nearly = record->value;
		}
	if (count > 1)
		judge_say(judgement, row, DNS_FAULT_WRONG,
			  "%s has %zu DMARC records, so that none of them counts; leave one",
			  row->name, count);
	else if (count == 1)
		judge_policy(judgement, row, found);
	else if (nearly)
		judge_say(judgement, row, DNS_FAULT_WRONG,
			  "the TXT record \"%.60s\" of %s is no DMARC record; begin it with "
			  "v=DMARC1 and a "
			  "semicolon",
			  nearly, row->name);
	else if (!is_misplaced(judgement, row))
		judge_say_missing(judgement, row);
}
