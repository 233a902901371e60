// SPDX-License-Identifier: GPL-3.0-or-later
/* The host: its addresses, their names, its keys, and who may issue certificates for it. */
#include <string.h>
#include <strings.h>

#include "base/json_file.h"
#include "dns/judge.h"

static bool is_row(const struct judged *judged, const struct dns_record *record)
{
	for (size_t i = 0; i < judged->count; i++)
		if (strcmp(judged->rows[i].type, record->type) == 0 &&
		    dns_value_equal(record->type, judged->rows[i].value, record->value))
			return true;
	return false;
}

static bool has_value(const struct dns_answer *answer, const struct dns_row *row)
{
	const struct dns_record *record;

	for (size_t i = 0; (record = dns_answer_next(answer, row->type, &i));)
		if (dns_value_equal(row->type, record->value, row->value))
			return true;
	return false;
}

/* Addresses at the name that are not this machine's, of one type. */
static void judge_strangers(struct judgement *judgement, const struct judged *judged,
			    const struct dns_answer *answer, const char *type)
{
	struct dns_row row = judged->rows[0];
	const struct dns_record *record;

	row.type = type;
	for (size_t i = 0; (record = dns_answer_next(answer, type, &i));)
		if (!is_row(judged, record))
			judge_say(judgement, &row, DNS_FAULT_WRONG,
				  "%s has the address %s, which is not this machine's; remove it, "
				  "or write "
				  "it into dns.addresses of the settings",
				  row.name, record->value);
}

void judge_address(struct judgement *judgement, const struct judged *judged)
{
	static const char *const types[] = {"A", "AAAA"};
	const char *name = judged->rows[0].name;
	struct view view;

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		if (!judge_view(judgement, name, types[i], &view) || !view.answer)
			continue;
		if (dns_answer_count(view.items[0].answer, "CNAME") > 0) {
			judge_say(
			    judgement, &judged->rows[0], DNS_FAULT_WRONG,
			    "%s is an alias (CNAME), which the name of a mail server must not be; "
			    "write its addresses there",
			    name);
			return;
		}
		judge_strangers(judgement, judged, view.answer, types[i]);
		for (size_t j = 0; j < judged->count; j++)
			if (strcmp(judged->rows[j].type, types[i]) == 0 &&
			    !has_value(view.answer, &judged->rows[j]))
				judge_say_missing(judgement, &judged->rows[j]);
	}
}

/* Asked of the resolver: the zone is the provider's. */
void judge_reverse(struct judgement *judgement, const struct judged *judged)
{
	for (size_t i = 0; i < judged->count; i++) {
		const struct dns_row *row = &judged->rows[i];
		const char *address = judgement->facts->addresses[i];
		const struct dns_answer *answer = judge_look(judgement, row->name, "PTR");
		const struct dns_record *record;
		size_t index = 0;

		if (!answer || answer->code == DNS_SILENT || has_value(answer, row))
			continue;
		record = dns_answer_next(answer, "PTR", &index);
		if (record)
			judge_say(
			    judgement, row, DNS_FAULT_WRONG,
			    "the address %s has the name %.*s, but this machine greets as %s, so "
			    "that large providers refuse its mail; have whoever gave you the "
			    "address "
			    "enter %s",
			    address, dns_name_size(record->value), record->value,
			    judgement->facts->host, judgement->facts->host);
		else
			judge_say(
			    judgement, row, DNS_FAULT_MISSING,
			    "the address %s has no name (PTR), so that large providers refuse its "
			    "mail; have whoever gave you the address enter %s",
			    address, judgement->facts->host);
	}
}

/* "3 1 1 HEX" of which the key is served on port 25. */
static bool is_served(const struct judgement *judgement, const char *value)
{
	static const char start[] = "3 1 1 ";

	if (strncmp(value, start, strlen(start)) != 0)
		return false;
	for (size_t i = 0; i < judgement->keys->count; i++)
		if (strcasecmp(judgement->keys->text[i], value + strlen(start)) == 0)
			return true;
	return false;
}

/* Only these are of use for mail (RFC 7672 §3.1). */
static bool is_useful(const char *value)
{
	return strncmp(value, "3 ", 2) == 0 || strncmp(value, "2 ", 2) == 0;
}

static void judge_published_keys(struct judgement *judgement, const struct judged *judged,
				 const struct dns_answer *answer)
{
	const struct dns_row *row = &judged->rows[0];
	const struct dns_record *record;
	bool served = false, other = false;

	for (size_t i = 0; (record = dns_answer_next(answer, "TLSA", &i));) {
		bool ours = strncmp(record->value, "3 1 1 ", 6) == 0;

		served |= is_served(judgement, record->value);
		other |= !ours && is_useful(record->value);
		if (!is_useful(record->value))
			judge_say(
			    judgement, row, DNS_FAULT_WRONG,
			    "%s has the TLSA record %.20s..., of a kind that mail servers do not "
			    "use; remove it",
			    row->name, record->value);
		else if (ours && !is_row(judged, record) && !is_served(judgement, record->value))
			judge_say(
			    judgement, row, DNS_FAULT_WRONG,
			    "%s has a TLSA record (%.20s...) of a key that this machine does not "
			    "have; remove it",
			    row->name, record->value);
	}
	/* Another kind of record may well be true: of an authority's key, of a whole certificate.
	 */
	if (!served && !other && judgement->keys->count > 0)
		judge_say(
		    judgement, row, judgement->zone.secure ? DNS_FAULT_HARMFUL : DNS_FAULT_WRONG,
		    "no TLSA record of %s is of a key that port 25 serves, so that careful servers "
		    "do not send; write what `postcask dns` prints for it",
		    row->name);
}

void judge_keys(struct judgement *judgement, const struct judged *judged)
{
	struct view view;

	if (!judge_view(judgement, judged->rows[0].name, "TLSA", &view) || !view.answer)
		return;
	for (size_t i = 0; i < judged->count; i++)
		if (!has_value(view.answer, &judged->rows[i]))
			judge_say_missing(judgement, &judged->rows[i]);
	if (dns_answer_count(view.answer, "TLSA") > 0)
		judge_published_keys(judgement, judged, view.answer);
	for (size_t i = 0; judgement->keys->count > 0 && i < judgement->keys->count; i++) {
		bool known = false;

		for (size_t j = 0; j < judged->count; j++)
			known |= strcasecmp(judged->rows[j].value + strlen("3 1 1 "),
					    judgement->keys->text[i]) == 0;
		if (!known)
			judge_say(
			    judgement, &judged->rows[0], DNS_FAULT_WRONG,
			    "port 25 serves a key that is in none of the machine's files; run "
			    "`postcask cert renew`");
	}
}

/* The nearest CAA records upwards from the name (RFC 8659 §3).  NULL: none, or to come. */
static const struct dns_answer *find_authorities(struct judgement *judgement, const char **name)
{
	for (const char *at = *name; at && strchr(at, '.');) {
		const struct dns_answer *answer = judge_look(judgement, at, "CAA");
		const char *dot = strchr(at, '.');

		if (!answer)
			return NULL;
		if (dns_answer_count(answer, "CAA") > 0) {
			*name = at;
			return answer;
		}
		at = dot ? dot + 1 : NULL;
	}
	return NULL;
}

/* `0 issue "ca.example; accounturi=..."` lets the authority issue; says what stands against it. */
static bool lets_issue(const struct judgement *judgement, const char *value, const char *authority,
		       const char **ret_against)
{
	const char *account = json_text(judgement->facts->keys, "account");
	const char *method = json_text(judgement->facts->keys, "method");
	const char *quote = strchr(value, '"'), *parameter;
	size_t size = strlen(authority);

	if (!strstr(value, " issue ") || !quote)
		return false;
	quote += 1 + strspn(quote + 1, " ");
	if (strncasecmp(quote, authority, size) != 0 || !strchr(" ;\"", quote[size]))
		return false;
	parameter = strstr(quote, "accounturi=");
	if (parameter && account[0] &&
	    strncmp(parameter + strlen("accounturi="), account, strlen(account)) != 0) {
		*ret_against = "another account";
		return false;
	}
	parameter = strstr(quote, "validationmethods=");
	if (parameter && method[0] && !strstr(parameter, method)) {
		*ret_against = "another way of proof";
		return false;
	}
	return true;
}

void judge_authority(struct judgement *judgement, const struct judged *judged)
{
	const struct dns_row *row = &judged->rows[0];
	const char *name = row->name, *against = "another authority";
	const struct dns_answer *answer = find_authorities(judgement, &name);
	const json_t *authority;
	const struct dns_record *record;
	bool issues = false, lets = false;
	size_t j;

	if (!answer) {
		if (!judgement->open)
			judge_say_missing(judgement, row);
		return;
	}
	for (size_t i = 0; (record = dns_answer_next(answer, "CAA", &i));) {
		issues |= strstr(record->value, " issue ") != NULL;
		json_array_foreach(json_object_get(judgement->facts->keys, "caa"), j, authority)
		    lets |=
		    lets_issue(judgement, record->value, json_string_value(authority), &against);
	}
	if (issues && !lets)
		judge_say(judgement, row, DNS_FAULT_HARMFUL,
			  "the CAA records of %s let only %s issue certificates for %s, so that "
			  "the next one "
			  "is refused; add %s",
			  name, against, row->name, row->value);
}
