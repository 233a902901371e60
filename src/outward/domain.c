// SPDX-License-Identifier: GPL-3.0-or-later
#include "outward/domain.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum {
	BUCKETS = 4096, /* a power of two */
	REFRESH_MS = 10 * 1000,
	STARVED_MS = 250,
};

/* One look at a domain: its MX and MTA-STS records together, then the servers' TLSA records. */
struct look {
	struct domains *domains;
	struct domain *domain;
	size_t waits; /* for answers, and one for who begins */
	bool mx_found, mx_secure;
	bool failed; /* a question has no answer */
	size_t hosts, proved, broken;
	size_t records; /* of MTA-STS */
	char id[STS_ID_SIZE];
	uint32_t ttl;
};

struct domain {
	struct domain *next;	      /* of its bucket */
	struct domain *newer, *older; /* by use */
	bool busy;		      /* a look or a fetch has it: it is not forgotten */
	bool read;		      /* its policy was looked for in the store */
	bool holds;		      /* what is fetched will hardly be another one */
	bool starved;		      /* there is a policy, and too many are being fetched */
	enum domain_dane dane;
	int64_t ready_ms; /* until then it is not looked up again */
	int64_t fetch_ms; /* not before is a policy fetched that was not to be had */
	struct sts_store_policy policy;
	char id[STS_ID_SIZE]; /* that is being fetched for */
	struct domains *all;
	char name[];
};

struct domains {
	struct domains_parts parts;
	struct domain *buckets[BUCKETS];
	struct domain *newest, *oldest;
	size_t count;
	uint32_t seed; /* nobody outside knows who shares a bucket */
	int64_t now_ms, now, refresh_ms;
};

struct domains *domains_new(const struct domains_parts *parts)
{
	struct domains *domains = calloc(1, sizeof(*domains));

	if (!domains)
		return NULL;
	domains->parts = *parts;
	if (getrandom(&domains->seed, sizeof(domains->seed), 0) < 0)
		domains->seed = 0;
	return domains;
}

void domains_free(struct domains **domains)
{
	if (!*domains)
		return;
	for (struct domain *domain = (*domains)->newest, *older; domain; domain = older) {
		older = domain->older;
		sts_store_policy_clear(&domain->policy);
		free(domain);
	}
	free(*domains);
	*domains = NULL;
}

/* ---- The memory ---- */

static struct domain **bucket_of(struct domains *domains, const char *name)
{
	uint32_t hash = domains->seed;

	for (; *name; name++) /* FNV-1a, from a start of our own */
		hash = (hash ^ (unsigned char)*name) * 16777619u;
	return &domains->buckets[(hash ^ hash >> 16) & (BUCKETS - 1)];
}

static void leave_order(struct domains *domains, struct domain *domain)
{
	*(domain->newer ? &domain->newer->older : &domains->newest) = domain->older;
	*(domain->older ? &domain->older->newer : &domains->oldest) = domain->newer;
}

static void become_newest(struct domains *domains, struct domain *domain)
{
	domain->newer = NULL;
	domain->older = domains->newest;
	*(domains->newest ? &domains->newest->newer : &domains->oldest) = domain;
	domains->newest = domain;
}

static void forget(struct domains *domains, struct domain *domain)
{
	struct domain **link = bucket_of(domains, domain->name);

	while (*link != domain)
		link = &(*link)->next;
	*link = domain->next;
	leave_order(domains, domain);
	sts_store_policy_clear(&domain->policy);
	free(domain);
	domains->count--;
}

/* The one that nobody has needed for longest and that is not just being looked up. */
static void make_room(struct domains *domains)
{
	struct domain *domain = domains->oldest;

	while (domain && domain->busy)
		domain = domain->newer;
	if (domain)
		forget(domains, domain);
}

static struct domain *remember(struct domains *domains, const char *name)
{
	size_t size = strlen(name) + 1;
	struct domain *domain, **bucket = bucket_of(domains, name);

	if (domains->count >= DOMAINS_LIMIT)
		make_room(domains);
	domain = calloc(1, sizeof(*domain) + size);
	if (!domain)
		return NULL;
	memcpy(domain->name, name, size);
	domain->all = domains;
	domain->next = *bucket;
	*bucket = domain;
	become_newest(domains, domain);
	domains->count++;
	return domain;
}

struct domain *domains_find(struct domains *domains, const char *name)
{
	struct domain *domain = *bucket_of(domains, name);

	while (domain && strcmp(domain->name, name) != 0)
		domain = domain->next;
	if (!domain)
		return remember(domains, name);
	leave_order(domains, domain);
	become_newest(domains, domain);
	return domain;
}

/* ---- The policy ---- */

static bool has_policy(const struct domain *domain, int64_t now)
{
	return sts_store_policy_holds(&domain->policy, now);
}

static void read_policy(struct domains *domains, struct domain *domain)
{
	if (domain->read)
		return;
	domain->read = true;
	if (sts_store_get(domains->parts.store, domain->name, domains->now, &domain->policy))
		sts_store_use(domains->parts.store, domain->name, domains->now);
}

static void say(const struct domain *domain, const char *why)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;

	error_set(&error, EIO, "%s: its MTA-STS policy is not to be had: %s%s", domain->name, why,
		  has_policy(domain, domain->all->now) ? "; the one of before holds" : "");
	error_print(&error);
}

static void keep(struct domains *domains, struct domain *domain, struct sts_policy *policy)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	struct sts_store_policy kept = {.policy = *policy, .fetched = domains->now};

	memcpy(kept.id, domain->id, sizeof(kept.id));
	sts_store_policy_clear(&domain->policy);
	domain->policy = kept;
	if (sts_store_put(domains->parts.store, domain->name, &kept, domains->now, &error) < 0)
		error_print(&error);
}

static void take_policy(void *context, struct slice text, const char *why)
{
	struct domain *domain = context;
	struct sts_policy policy = STS_POLICY_INIT;

	domain->busy = false;
	if (!why && !sts_policy_parse(text, &policy))
		why = "it is none";
	if (why)
		say(domain, why);
	else
		keep(domain->all, domain, &policy);
	domain->fetch_ms = why ? domain->all->now_ms + DOMAINS_FETCH_AGAIN_MS : 0;
	if (why && domain->ready_ms > domain->fetch_ms)
		domain->ready_ms = domain->fetch_ms;
}

/* RFC 8461 §3.1: there is a policy where there is one record; without any, the one of before
 * holds. */
static bool is_to_be_fetched(const struct domains *domains, const struct look *look)
{
	const struct domain *domain = look->domain;

	if (look->records != 1 || domain->dane == DOMAIN_DANE_ALL ||
	    domains->now_ms < domain->fetch_ms)
		return false;
	return !has_policy(domain, domains->now) || strcmp(domain->policy.id, look->id) != 0 ||
	       sts_store_policy_is_old(&domain->policy, domains->now);
}

/* ---- Looks ---- */

static enum domain_dane judge_dane(const struct look *look)
{
	if (!look->mx_found)
		return DOMAIN_DANE_UNKNOWN;
	if (!look->mx_secure)
		return DOMAIN_DANE_NONE;
	if (look->broken > 0)
		return DOMAIN_DANE_BROKEN;
	if (look->proved == 0)
		return DOMAIN_DANE_NONE;
	return look->proved == look->hosts ? DOMAIN_DANE_ALL : DOMAIN_DANE_SOME;
}

static int64_t hold_ms(const struct look *look)
{
	int64_t ms = (int64_t)look->ttl * 1000;

	if (look->failed || ms < DOMAINS_LEAST_MS)
		return DOMAINS_LEAST_MS;
	return ms > DOMAINS_MOST_MS ? DOMAINS_MOST_MS : ms;
}

static void end_look(struct look *look)
{
	struct domains *domains = look->domains;
	struct domain *domain = look->domain;

	if (--look->waits > 0)
		return;
	if (look->mx_found)
		domain->dane = judge_dane(look);
	domain->ready_ms = domains->now_ms + hold_ms(look);
	domain->busy = false;
	if (is_to_be_fetched(domains, look)) {
		memcpy(domain->id, look->id, sizeof(domain->id));
		domain->holds =
		    has_policy(domain, domains->now) && strcmp(domain->policy.id, look->id) == 0;
		domain->busy = fetch_start(domains->parts.fetches, domain->name, domains->now_ms,
					   take_policy, domain) == 0;
		domain->starved = !domain->busy;
		if (domain->starved)
			domain->ready_ms = domains->now_ms + STARVED_MS;
	}
	free(look);
}

static bool is_answer(struct look *look, const struct message_answer *answer)
{
	if (!answer || answer->truncated ||
	    (answer->code != ns_r_noerror && answer->code != ns_r_nxdomain)) {
		look->failed = true;
		return false;
	}
	if (answer->ttl < look->ttl)
		look->ttl = answer->ttl;
	return true;
}

static void take_tlsa(void *context, const struct message_answer *answer)
{
	struct look *look = context;

	if (!is_answer(look, answer))
		look->broken++;
	else if (answer->secure && answer->usable > 0)
		look->proved++;
	end_look(look);
}

static void ask_tlsa(struct look *look, const char *host)
{
	look->hosts++;
	look->waits++;
	lookup_ask(look->domains->parts.lookups, "_25._tcp.", host, MESSAGE_TLSA, take_tlsa, look);
}

/* TLSA records count below secure MX records alone (RFC 7672 §2.2.1). */
static void take_mx(void *context, const struct message_answer *answer)
{
	struct look *look = context;
	char hosts[MESSAGE_HOSTS][OUTWARD_NAME];
	size_t count;

	look->mx_found = is_answer(look, answer);
	look->mx_secure = look->mx_found && answer->secure;
	if (look->mx_secure && answer->code == ns_r_noerror && !answer->null_mx) {
		count = answer->host_count;
		memcpy(hosts, answer->hosts, sizeof(hosts)); /* the next answer takes its place */
		look->hosts = answer->too_many ? 1 : 0;	     /* one that is not proved */
		for (size_t i = 0; i < count; i++)
			ask_tlsa(look, hosts[i]);
		if (count == 0)
			ask_tlsa(look, look->domain->name);
	}
	end_look(look);
}

static void take_record(void *context, const struct message_answer *answer)
{
	struct look *look = context;

	if (is_answer(look, answer)) {
		look->records = answer->records;
		memcpy(look->id, answer->id, sizeof(look->id));
	}
	end_look(look);
}

static void begin_look(struct domains *domains, struct domain *domain)
{
	struct look *look = calloc(1, sizeof(*look));

	if (!look)
		return;
	*look = (struct look){.domains = domains, .domain = domain, .waits = 3, .ttl = UINT32_MAX};
	domain->busy = true;
	domain->holds = domain->starved = false;
	lookup_ask(domains->parts.lookups, "", domain->name, ns_t_mx, take_mx, look);
	lookup_ask(domains->parts.lookups, "_mta-sts.", domain->name, ns_t_txt, take_record, look);
	end_look(look);
}

bool domain_is_ready(struct domains *domains, struct domain *domain)
{
	read_policy(domains, domain);
	if (!domain->busy && domains->now_ms >= domain->ready_ms)
		begin_look(domains, domain);
	return (!domain->busy || domain->holds) && !domain->starved &&
	       domains->now_ms < domain->ready_ms;
}

bool domain_is_starved(const struct domain *domain)
{
	return domain->starved && !has_policy(domain, domain->all->now);
}

void domain_answer(struct domains *domains, const struct domain *domain, struct buffer *answer)
{
	if (domain->dane == DOMAIN_DANE_ALL || !has_policy(domain, domains->now) ||
	    domain->policy.policy.mode != STS_ENFORCE)
		return;
	if (domain->dane == DOMAIN_DANE_SOME || domain->dane == DOMAIN_DANE_BROKEN)
		buffer_add_text(answer, "dane-only");
	else
		sts_policy_answer(&domain->policy.policy, domain->name, answer);
}

/* Policies that somebody needed are fetched anew each day, before they are needed again. */
void domains_tick(struct domains *domains, int64_t now_ms, int64_t now)
{
	char name[OUTWARD_NAME];
	struct domain *domain;

	domains->now_ms = now_ms;
	domains->now = now;
	if (now_ms < domains->refresh_ms)
		return;
	domains->refresh_ms = now_ms + REFRESH_MS;
	if (!sts_store_stale(domains->parts.store, now, name) || !outward_is_name(name))
		return;
	domain = domains_find(domains, name);
	if (!domain)
		return;
	domain->ready_ms = 0;
	if (!domain_is_ready(domains, domain))
		return; /* as it is to be: it is being looked up */
}

struct domains_count domains_counted(const struct domains *domains)
{
	struct domains_count count = {.remembered = domains->count};

	for (const struct domain *domain = domains->newest; domain; domain = domain->older) {
		enum sts_mode mode =
		    has_policy(domain, domains->now) ? domain->policy.policy.mode : STS_NONE;

		if (domain->dane >= DOMAIN_DANE_SOME)
			count.dane++;
		else if (mode == STS_ENFORCE)
			count.sts++;
		else if (mode == STS_TESTING)
			count.testing++;
		else
			count.other++;
	}
	return count;
}
