// SPDX-License-Identifier: GPL-3.0-or-later
#include "feedback/telling.h"

#include <errno.h>
#include <string.h>

#include "base/json_file.h"

enum { DAY_SECONDS = 24 * 60 * 60 };

/* RFC 8460 section 4.3. */
static const struct {
	const char *failure, *advice;
} advices[] = {
    {"starttls-not-supported",
     "somebody on the way took STARTTLS out, or another server answered: `postcask verify` shows "
     "whether port 25 offers it"},
    {"certificate-host-mismatch",
     "the certificate has not the name that the MX record has: `postcask cert` and "
     "`postcask dns check` show both"},
    {"certificate-expired", "a certificate had ended: `postcask cert` shows how long ours is good"},
    {"certificate-not-trusted",
     "the certificate is not from an authority that they know: set tls.acme, or publish no MTA-STS "
     "policy"},
    {"validation-failure", "they could not say why"},
    {"tlsa-invalid", "the TLSA record is of another key: `postcask dns check` shows it"},
    {"dnssec-invalid", "the zone's signatures are not good: ask whoever runs its name servers"},
    {"dane-required", "they want TLSA records and found none: `postcask dns` has them"},
    {"sts-policy-fetch-error",
     "the MTA-STS policy could not be fetched: `postcask dns check` looks at it"},
    {"sts-policy-invalid", "the MTA-STS policy was not right: `postcask dns check` looks at it"},
    {"sts-webpki-invalid",
     "the certificate of the MTA-STS policy's server was not good: `postcask dns check` looks at "
     "it"},
};

static const char *advice_for(const char *failure)
{
	for (size_t i = 0; i < ARRAY_SIZE(advices); i++)
		if (strcmp(advices[i].failure, failure) == 0)
			return advices[i].advice;
	return "it is no failure that RFC 8460 knows";
}

/* The object of a domain in the list; made where there is none. */
static json_t *domain_of(json_t *domains, const char *name)
{
	json_t *domain;
	size_t i;

	json_array_foreach(domains, i, domain)
	{
		if (strcmp(json_text(domain, "domain"), name) == 0)
			return domain;
	}
	domain = json_pack("{s:s, s:[], s:s, s:i, s:i, s:[], s:i, s:i, s:[]}", "domain", name,
			   "reporters", "policy", "", "messages", 0, "proved", 0, "unproved",
			   "sessions", 0, "failed", 0, "failures");
	json_array_append_new(domains, domain);
	return domain;
}

static void add_number(json_t *object, const char *key, long long number)
{
	json_object_set_new(object, key, json_integer(json_number(object, key) + number));
}

/* ---- What is kept ---- */

struct telling {
	json_t *domains;
	const char *only;
	bool (*is_ours)(void *context, const char *address);
	void *context;
};

static void take_reporter(const struct telling *telling, const json_t *row)
{
	json_t *domain = domain_of(telling->domains, json_text(row, "domain"));
	json_t *reporters = json_object_get(domain, "reporters");

	if (!json_has_text(reporters, json_text(row, "organisation")))
		json_array_append(reporters, json_object_get(row, "organisation"));
	if (json_number(row, "kind") == REPORT_DMARC) /* the newest comes last */
		json_object_set(domain, "policy", json_object_get(row, "policy"));
}

static void take_sum(const struct telling *telling, const json_t *row)
{
	json_t *domain = domain_of(telling->domains, json_text(row, "domain"));

	if (json_number(row, "kind") == REPORT_DMARC) {
		add_number(domain, "messages", json_number(row, "count"));
		add_number(domain, "proved", json_number(row, "proved"));
	} else {
		add_number(domain, "sessions",
			   json_number(row, "good") + json_number(row, "count"));
		add_number(domain, "failed", json_number(row, "count"));
	}
}

static void take_source(const struct telling *telling, const json_t *row)
{
	json_t *domain = domain_of(telling->domains, json_text(row, "domain"));
	json_t *sources = json_object_get(domain, "unproved");
	const char *source = json_text(row, "source");
	bool ours = telling->is_ours(telling->context, source);

	if (json_array_size(sources) >= TELLING_SOURCES)
		return;
	json_array_append_new(
	    sources,
	    json_pack("{s:s, s:I, s:b, s:s}", "source", source, "messages",
		      (json_int_t)json_number(row, "count"), "ours", ours, "advice",
		      ours ? "this machine sent it: `postcask dns check` says which record is wrong"
			   : "not this machine: somebody who pretends to be you, a forwarder, or a "
			     "server of yours that SPF and DKIM do not know"));
}

static void take_failure(const struct telling *telling, const json_t *row)
{
	json_t *domain = domain_of(telling->domains, json_text(row, "domain"));
	json_t *failures = json_object_get(domain, "failures");

	if (json_array_size(failures) < TELLING_SOURCES)
		json_array_append_new(failures, json_pack("{s:O, s:O, s:O, s:s}", "failure",
							  json_object_get(row, "what"), "sessions",
							  json_object_get(row, "count"), "server",
							  json_object_get(row, "name"), "advice",
							  advice_for(json_text(row, "what"))));
}

/* ?1: since when. */
static const struct {
	const char *query;
	void (*take)(const struct telling *telling, const json_t *row);
} QUERIES[] = {
    {"SELECT domain, kind, organisation, policy FROM report WHERE end > ?1 ORDER BY domain, end",
     take_reporter},
    {"SELECT domain, kind, sum(count) AS count, sum(good) AS good, sum(CASE WHEN dkim OR spf THEN "
     "count ELSE 0 END) AS proved FROM line JOIN report ON report = number WHERE end > ?1 GROUP BY "
     "domain, kind",
     take_sum},
    {"SELECT domain, source, sum(count) AS count FROM line JOIN report ON report = number WHERE "
     "end > ?1 AND kind = 0 AND NOT dkim AND NOT spf GROUP BY domain, source ORDER BY count DESC, "
     "source",
     take_source},
    {"SELECT domain, what, line.name AS name, sum(count) AS count FROM line JOIN report ON report "
     "= "
     "number WHERE end > ?1 AND kind = 1 AND count > 0 GROUP BY domain, what, line.name ORDER BY "
     "count DESC",
     take_failure},
};

/* The first policy may become stricter when for all of the time nothing of ours failed. */
static void advise(json_t *domain, int days)
{
	const json_t *source;
	char text[160];
	size_t i;

	json_array_foreach(json_object_get(domain, "unproved"), i, source)
	{
		if (json_is_true(json_object_get(source, "ours")))
			return;
	}
	if (days < TELLING_DAYS || json_number(domain, "proved") == 0 ||
	    strcmp(json_text(domain, "policy"), "none") != 0)
		return;
	snprintf(text, sizeof(text),
		 "in %d days nothing that this machine sent failed: its DMARC record may say "
		 "p=quarantine now",
		 days);
	json_object_set_new(domain, "advice", json_string(text));
}

static json_t *tell_others(struct kept *kept, int64_t since, struct error *error)
{
	_cleanup_json_ json_t *rows = kept_select(
	    kept, "SELECT why, sum(count) AS count FROM other WHERE day >= ?1 GROUP BY why",
	    since / DAY_SECONDS, 0, error);
	json_t *others = rows ? json_object() : NULL, *row;
	size_t i;

	json_array_foreach(rows, i, row)
	    json_object_set(others, json_text(row, "why"), json_object_get(row, "count"));
	return others;
}

json_t *telling_json(struct kept *kept, int days, int64_t now, const char *only,
		     bool (*is_ours)(void *context, const char *address), void *context,
		     struct error *error)
{
	_cleanup_json_ json_t *domains = json_array();
	struct telling telling = {domains, only, is_ours, context};
	int64_t since = now - (int64_t)days * DAY_SECONDS;
	json_t *others, *item;
	size_t i;

	for (size_t query = 0; query < ARRAY_SIZE(QUERIES); query++) {
		_cleanup_json_ json_t *rows =
		    kept_select(kept, QUERIES[query].query, since, 0, error);

		if (!rows)
			return NULL;
		json_array_foreach(rows, i, item)
		{
			if (!only || strcmp(only, json_text(item, "domain")) == 0)
				QUERIES[query].take(&telling, item);
		}
	}
	json_array_foreach(domains, i, item) advise(item, days);
	others = tell_others(kept, since, error);
	return others
		   ? json_pack("{s:i, s:O, s:o}", "days", days, "domains", domains, "other", others)
		   : NULL;
}

/* ---- For people ---- */

static void add_list(struct buffer *text, const json_t *list)
{
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
	    buffer_addf(text, "%s%s", i ? ", " : "", json_string_value(item));
}

static void add_dmarc(struct buffer *text, const json_t *domain)
{
	long long messages = json_number(domain, "messages");
	const json_t *source;
	size_t i;

	if (messages == 0)
		return;
	buffer_addf(text, "  %lld messages were from it, and %lld of them were proved to be\n",
		    messages, json_number(domain, "proved"));
	json_array_foreach(json_object_get(domain, "unproved"), i, source)
	    buffer_addf(text, "    %6lld from %s: %s\n", json_number(source, "messages"),
			json_text(source, "source"), json_text(source, "advice"));
	if (json_text(domain, "advice")[0])
		buffer_addf(text, "    %s\n", json_text(domain, "advice"));
}

static void add_tls(struct buffer *text, const json_t *domain)
{
	const json_t *failure;
	size_t i;

	if (json_number(domain, "sessions") == 0)
		return;
	buffer_addf(text, "  %lld sessions brought mail to it, and TLS failed in %lld\n",
		    json_number(domain, "sessions"), json_number(domain, "failed"));
	json_array_foreach(json_object_get(domain, "failures"), i, failure) buffer_addf(
	    text, "    %6lld %s%s%s: %s\n", json_number(failure, "sessions"),
	    json_text(failure, "failure"), json_text(failure, "server")[0] ? " at " : "",
	    json_text(failure, "server"), json_text(failure, "advice"));
}

void telling_text(const json_t *told, struct buffer *text)
{
	const json_t *domains = json_object_get(told, "domains"), *domain, *count;
	const char *why;
	size_t i;

	if (json_array_size(domains) == 0)
		buffer_addf(text, "No reports came in %lld days.\n", json_number(told, "days"));
	json_array_foreach(domains, i, domain)
	{
		buffer_addf(text, "%s, in %lld days, as ", json_text(domain, "domain"),
			    json_number(told, "days"));
		add_list(text, json_object_get(domain, "reporters"));
		buffer_add_text(text, " saw it\n");
		add_dmarc(text, domain);
		add_tls(text, domain);
	}
	json_object_foreach(json_object_get(told, "other"), why, count)
	    buffer_addf(text, "%lld more could not be counted: %s\n",
			(long long)json_integer_value(count), why);
}
