// SPDX-License-Identifier: GPL-3.0-or-later
#include "dns/check.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "dns/judge.h"

enum {
	BATCH = 100,	 /* domains that are asked for together */
	ROUNDS_MAX = 40, /* an SPF record leads ten times on, each two rounds */
	ROUND_MS = 6000,
	LIVE_MS = 3000,
	RESOLV_CONF_MAX = 64 * 1024,
};

const struct dns_check_options dns_check_machine = {
    .live = "127.0.0.1",
    .authorities = "/etc/ssl/certs/ca-certificates.crt",
    .resolv_conf = "/etc/resolv.conf",
};

static const judge judges[DNS_KINDS] = {
    [DNS_KIND_ADDRESS] = judge_address,
    [DNS_KIND_PTR] = judge_reverse,
    [DNS_KIND_HELO] = judge_spf,
    [DNS_KIND_TLSA] = judge_keys,
    [DNS_KIND_CAA] = judge_authority,
    [DNS_KIND_HOST_REPORTS] = judge_reports,
    [DNS_KIND_NAME] = judge_name,
    [DNS_KIND_NO_MAIL] = judge_no_mail,
    [DNS_KIND_MX] = judge_mx,
    [DNS_KIND_SPF] = judge_spf,
    [DNS_KIND_DKIM] = judge_dkim,
    [DNS_KIND_DMARC] = judge_dmarc,
    [DNS_KIND_STS] = judge_sts,
    [DNS_KIND_STS_NAME] = judge_name,
    [DNS_KIND_REPORTS] = judge_reports,
    [DNS_KIND_SERVICE] = judge_service,
    [DNS_KIND_NO_SERVICE] = judge_service,
    [DNS_KIND_SETUP] = judge_name,
};

/* The host or a domain. */
struct unit {
	const char *name;
	bool host;
	struct dns_rows rows;
	char *policy, *why; /* owned: its MTA-STS policy as it is served, fetched once */
	bool fetched;
	bool done;
	bool unreachable; /* nobody could be asked for its zone */
};

struct run {
	const struct dns_facts *facts;
	const struct dns_check_options *options;
	struct dns_live_keys keys;
	struct dns_result *result;
	int64_t deadline_ms;
};

struct fetching {
	struct unit *unit;
	const struct run *run;
};

static const char *fetch_policy(void *context, const char *domain, const char **ret_why)
{
	struct fetching *fetching = context;
	struct unit *unit = fetching->unit;
	const struct dns_check_options *options = fetching->run->options;
	_cleanup_free_ char *name = NULL;
	int left = clock_left_ms(fetching->run->deadline_ms);

	if (!unit->fetched && asprintf(&name, "mta-sts.%s", domain) >= 0)
		unit->policy = dns_live_policy(options->live, name, options->authorities,
					       left < LIVE_MS ? left : LIVE_MS, &unit->why);
	unit->fetched = true;
	*ret_why = unit->why;
	return unit->policy;
}

static void judge_rows(struct judgement *judgement, const struct dns_rows *rows)
{
	for (size_t i = 0; i < rows->count;) {
		struct judged judged = {.rows = &rows->items[i]};

		while (i < rows->count && rows->items[i].kind == judged.rows->kind) {
			judged.count++;
			i++;
		}
		judges[judged.rows->kind](judgement, &judged);
	}
}

/* Once through all of it; what it found counts when nothing was left open. */
static void judge_unit(struct run *run, struct dns_book *book, struct unit *unit)
{
	struct dns_findings *findings = &run->result->findings;
	struct fetching fetching = {unit, run};
	struct judgement judgement = {.facts = run->facts,
				      .book = book,
				      .findings = findings,
				      .keys = &run->keys,
				      .policy = fetch_policy,
				      .context = &fetching,
				      .about = unit->name};
	size_t before = findings->count;

	if (judge_zone(&judgement)) {
		judge_rows(&judgement, &unit->rows);
		if (!unit->host)
			judge_domain_more(&judgement, unit->name);
	}
	unit->unreachable = !judgement.open && !judgement.zone.apex && !judgement.zone.bogus;
	if (judgement.open) {
		dns_findings_cut(findings, before);
		return;
	}
	unit->done = true;
	for (size_t i = before; i < findings->count; i++)
		findings->items[i].degrades = findings->items[i].fault == DNS_FAULT_HARMFUL &&
					      (unit->host || judgement.in_use);
}

/* The root does not answer either; it was asked with the first questions. */
static bool is_offline(struct run *run, struct dns_book *book, const struct unit *units,
		       size_t count)
{
	const struct dns_answer *root = dns_book_look(book, ".", "SOA");

	for (size_t i = 0; i < count; i++)
		if (!units[i].unreachable)
			return false;
	if (!root || root->code != DNS_SILENT)
		return false;
	free(run->result->why);
	run->result->why = strdup(root->why ? root->why : "nobody answers");
	return true;
}

static void run_batch(struct run *run, struct dns_resolver *resolver, struct unit *units,
		      size_t count)
{
	_cleanup_(dns_book_free) struct dns_book *book = dns_book_new(resolver);
	int left = clock_left_ms(run->deadline_ms);

	if (!book) {
		run->result->findings.failed = true;
		return;
	}
	(void)dns_book_look(book, ".", "SOA");
	for (int round = 0; left > 0 && round < ROUNDS_MAX; round++) {
		bool open = false;

		for (size_t i = 0; i < count; i++) {
			if (!units[i].done)
				judge_unit(run, book, &units[i]);
			open |= !units[i].done;
		}
		if (!open || !dns_book_ask(book, left < ROUND_MS ? left : ROUND_MS))
			break;
		left = clock_left_ms(run->deadline_ms);
	}
	for (size_t i = 0; i < count; i++)
		*(units[i].done ? &run->result->checked : &run->result->unfinished) += 1;
	if (count > 0 && run->result->checked <= count && is_offline(run, book, units, count)) {
		dns_findings_cut(&run->result->findings, 0);
		run->result->offline = true;
	}
}

/* What is the machine's own fault, or nobody's. */
static void judge_machine(struct run *run)
{
	_cleanup_free_ char *text = NULL;
	struct error none = ERROR_INIT;
	struct judgement judgement = {.findings = &run->result->findings,
				      .about = run->facts->host};

	if (run->facts->address_count == 0)
		judge_say(&judgement, NULL, DNS_FAULT_WRONG,
			  run->facts->only_private
			      ? "the machine has only addresses of a private network; write those "
				"by which the internet reaches it into dns.addresses of the "
				"settings"
			      : "the machine has no address; write those by which the internet "
				"reaches it into dns.addresses of the settings");
	if (file_read(run->options->resolv_conf, RESOLV_CONF_MAX, &text, NULL, &none) == 0 &&
	    strstr(text, "127.0.0.1") && !strstr(text, "trust-ad"))
		judge_say(&judgement, NULL, DNS_FAULT_WRONG,
			  "%s has no \"options trust-ad\", so that this machine does not see which "
			  "answers are signed, and uses no DANE; write it there",
			  run->options->resolv_conf);
	error_clear(&none);
}

static int make_units(const struct dns_facts *facts, bool host, const char *const *domains,
		      size_t count, struct unit *units)
{
	size_t used = 0;
	bool failed = false;

	if (host) {
		units[used] = (struct unit){.name = facts->host, .host = true};
		dns_rows_of_host(facts, &units[used].rows);
		failed |= units[used++].rows.failed;
	}
	for (size_t i = 0; i < count; i++) {
		units[used] = (struct unit){.name = domains[i]};
		dns_rows_of_domain(facts, domains[i], &units[used].rows);
		failed |= units[used++].rows.failed;
	}
	return failed ? -ENOMEM : 0;
}

static void free_units(struct unit *units, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		dns_rows_clear(&units[i].rows);
		free(units[i].policy);
		free(units[i].why);
	}
	free(units);
}

static void run_all(struct run *run, struct dns_resolver *resolver, struct unit *units,
		    size_t count)
{
	for (size_t i = 0; i < count && !run->result->offline; i += BATCH)
		run_batch(run, resolver, units + i, count - i < BATCH ? count - i : BATCH);
}

int dns_check(const struct dns_facts *facts, bool host, const char *const *domains, size_t count,
	      const struct dns_check_options *options, int timeout_ms, struct dns_result *ret,
	      struct error *error)
{
	_cleanup_(dns_resolver_close) struct dns_resolver *resolver = NULL;
	_cleanup_(dns_result_clear) struct dns_result result = DNS_RESULT_INIT;
	struct run run = {.facts = facts,
			  .options = options,
			  .result = &result,
			  .deadline_ms = clock_now_ms() + timeout_ms};
	size_t total = count + host;
	struct unit *units = calloc(total ? total : 1, sizeof(*units));
	int code = units ? dns_resolver_open(&resolver, error)
			 : error_errno(error, ENOMEM, "cannot check the DNS");

	if (code == 0 && make_units(facts, host, domains, count, units) < 0)
		code = error_errno(error, ENOMEM, "cannot check the DNS");
	if (code == 0) {
		if (host)
			judge_machine(&run);
		if (host && facts->keys)
			dns_live_keys_ask(options->live, LIVE_MS, &run.keys);
		run_all(&run, resolver, units, total);
		dns_live_keys_clear(&run.keys);
	}
	if (units)
		free_units(units, total);
	if (code == 0 && result.findings.failed)
		code = error_errno(error, ENOMEM, "cannot check the DNS");
	if (code < 0)
		return code;
	*ret = result;
	result = DNS_RESULT_INIT;
	return 0;
}

void dns_result_clear(struct dns_result *result)
{
	dns_findings_clear(&result->findings);
	free(result->why);
	*result = DNS_RESULT_INIT;
}
