// SPDX-License-Identifier: GPL-3.0-or-later
#include "acme/acme_plan.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "acme/acme_here.h"
#include "acme/acme_state.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/json_file.h"
#include "certificate/certificate_facts.h"
#include "certificate/certificate_issue.h"
#include "certificate/certificate_next.h"
#include "certificate/certificate_pem.h"
#include "certificate/certificate_sni.h"

#define HOUR		  INT64_C(3600)
#define DAY		  (24 * HOUR)
#define LOOK_AGAIN	  (HOUR / 2) /* a host that does not lead here yet, but soon */
#define DOMAIN_LOOK_AGAIN (6 * HOUR)
#define CHECK_AGAIN	  (6 * HOUR)
#define CHECKED_LIFE	  (3 * DAY) /* shorter ones end before a question would help */
#define LOOKS_MAX	  50	    /* domains in one run */
#define NAMES_GROW_AFTER  DAY	    /* a certificate is not made anew for each name at once */

static const char *const domain_prefixes[] = {"mail", "autoconfig", "autodiscover", "mta-sts"};

/* While the plan is made. */
struct planning {
	const struct acme_wish *wish;
	struct acme_plan *plan;
	json_t *addresses; /* owned */
	X509 *own;	   /* owned; the machine's authority, NULL: none */
	int looks;
};

static void planning_clear(struct planning *planning)
{
	json_decref(planning->addresses);
	X509_free(planning->own);
}

static void order_clear(struct acme_order *order)
{
	free(order->path);
	json_decref(order->names);
	EVP_PKEY_free(order->key);
	*order = (struct acme_order){.path = NULL};
}

void acme_plan_clear(struct acme_plan *plan)
{
	for (size_t i = 0; i < plan->count; i++)
		order_clear(&plan->orders[i]);
	plan->count = 0;
}

/* What the file that serves holds now. */
struct present {
	EVP_PKEY *key; /* owned */
	json_t *names; /* owned; NULL: no certificate of the authority that is valid */
	int64_t begin, end;
};

static void present_clear(struct present *present)
{
	EVP_PKEY_free(present->key);
	json_decref(present->names);
}

static void present_read(const struct planning *planning, const char *path, struct present *ret)
{
	_cleanup_(key_chain_clear) struct key_chain file = KEY_CHAIN_INIT;
	_cleanup_(error_clear) struct error none = ERROR_INIT;
	_cleanup_json_ json_t *facts = NULL;
	X509 *leaf;

	*ret = (struct present){.key = NULL};
	if (key_chain_read(path, &file, &none) < 0 || !file.chain || !file.key)
		return;
	leaf = sk_X509_value(file.chain, 0);
	ret->begin = certificate_not_before(leaf);
	ret->end = certificate_not_after(leaf);
	if (ret->begin <= planning->wish->now && ret->end > planning->wish->now &&
	    (!planning->own || X509_NAME_cmp(X509_get_issuer_name(leaf),
					     X509_get_subject_name(planning->own)) != 0)) {
		facts = certificate_facts(leaf, planning->wish->now);
		ret->names = json_incref(json_object_get(facts, "names"));
	}
	ret->key = TAKE_POINTER(file.key);
}

/* Adds a name that leads here; one that nobody says anything of stays where it was.  The first
 * reason against one in *sentence (owned). */
static bool add_here(const struct planning *planning, json_t *names, const char *name,
		     const json_t *before, char **sentence)
{
	_cleanup_free_ char *why = NULL;
	enum here here = here_ask(name, planning->addresses, &why);

	if (here == HERE_YES || (here == HERE_UNKNOWN && json_has_text(before, name))) {
		json_array_append_new(names, json_string(name));
		return true;
	}
	if (sentence && !*sentence)
		*sentence = TAKE_POINTER(why);
	return false;
}

/* The host's names.  False when the hostname itself does not lead here: *sentence says so. */
static bool look_host(const struct planning *planning, const json_t *before, json_t *names,
		      char **sentence)
{
	const struct certificate_request *request = planning->wish->request;
	bool proved_by_web = strcmp(request->acme_method, "http-01") == 0;

	for (size_t i = 0; i < request->name_count; i++) {
		if (!proved_by_web)
			json_array_append_new(names, json_string(request->names[i]));
		else if (!add_here(planning, names, request->names[i], before, sentence) && i == 0)
			return false;
	}
	return true;
}

static bool is_of_host(const struct certificate_request *request, const char *name)
{
	for (size_t i = 0; i < request->name_count; i++)
		if (strcmp(request->names[i], name) == 0)
			return true;
	return false;
}

static void look_domain(const struct planning *planning, const char *domain, const json_t *before,
			json_t *names)
{
	for (size_t i = 0; i < ARRAY_SIZE(domain_prefixes); i++) {
		_cleanup_free_ char *name = NULL;

		if (asprintf(&name, "%s.%s", domain_prefixes[i], domain) < 0) {
			name = NULL;
			return;
		}
		if (!is_of_host(planning->wish->request, name) && strlen(name) <= 253)
			add_here(planning, names, name, before, NULL);
	}
}

static bool has_all(const json_t *list, const json_t *wanted)
{
	const json_t *name;
	size_t i;

	json_array_foreach(wanted, i,
			   name) if (!json_has_text(list, json_string_value(name))) return false;
	return true;
}

/* What time says of a certificate that is there. */
enum due { DUE_NOT, DUE_CHECK, DUE_NOW };

static enum due due_of(const struct acme_wish *wish, const struct present *present,
		       const json_t *state)
{
	int64_t life = present->end - present->begin, now = wish->now;
	const json_t *window = json_object_get(state, "window");
	int64_t wanted = json_integer_value(json_array_get(window, 1));

	if (now >= present->begin + life / 3 * 2)
		return wanted > now && present->end - now > life / 6 && life > CHECKED_LIFE
			   ? DUE_CHECK
			   : DUE_NOW;
	if (life > CHECKED_LIFE && (now >= json_number(state, "checked") + CHECK_AGAIN ||
				    json_number(state, "checked") > now))
		return DUE_CHECK;
	return DUE_NOT;
}

static bool is_attempted(const struct planning *planning, const json_t *state)
{
	return planning->wish->force || acme_attempt_is_due(state, planning->wish->now);
}

/* Which key is to be signed: the one in use, the next one when it is its turn. */
static int choose_host_key(const struct planning *planning, struct acme_order *order,
			   struct present *present, struct error *error)
{
	const char *folder = planning->wish->request->folder;

	order->next_key = json_is_true(json_object_get(planning->wish->state, "roll"));
	if (order->next_key) {
		int result = certificate_next_read(folder, order->kind, &order->key, error);

		if (result < 0 || order->key)
			return result;
		order->next_key = false; /* it is in use already: this kind was first */
	}
	order->key = TAKE_POINTER(present->key);
	return order->key && certificate_key_is(order->key, order->kind)
		   ? 0
		   : error_set(error, EBADMSG, "%s holds no key of ours", order->path);
}

/* A domain's key lies beside its certificate until there is one. */
static int choose_domain_key(const struct planning *planning, struct acme_order *order,
			     struct present *present, struct error *error)
{
	const char *folder = planning->wish->request->folder;
	_cleanup_(key_chain_clear) struct key_chain file = KEY_CHAIN_INIT;
	_cleanup_(error_clear) struct error none = ERROR_INIT;
	_cleanup_free_ char *path = NULL, *domains = file_join(folder, CERTIFICATE_DOMAINS);
	int result;

	if (present->key && certificate_key_is(present->key, CERTIFICATE_ECDSA)) {
		order->key = TAKE_POINTER(present->key);
		return 0;
	}
	if (!domains || asprintf(&path, "%s/%s.key", domains, order->domain) < 0) {
		path = NULL;
		return error_set(error, ENOMEM, "out of memory");
	}
	if (key_chain_read(path, &file, &none) == 0 && file.key &&
	    certificate_key_is(file.key, CERTIFICATE_ECDSA)) {
		order->key = TAKE_POINTER(file.key);
		return 0;
	}
	result = file_make_folders(domains, 0700, error);
	if (result == 0)
		result = certificate_make_key(CERTIFICATE_ECDSA, &order->key, error);
	return result < 0 ? result : key_chain_write(path, 0600, order->key, NULL, error);
}

/* Adds the order, whose names were looked up. */
static int add_order(struct planning *planning, struct acme_order *order, struct present *present,
		     struct error *error)
{
	int result = order->domain ? choose_domain_key(planning, order, present, error)
				   : choose_host_key(planning, order, present, error);

	if (result < 0)
		return result;
	order->end = present->names ? present->end : 0;
	planning->plan->orders[planning->plan->count++] = *order;
	*order = (struct acme_order){.path = NULL};
	return 0;
}

/* Decides about one that is there or not: what it has is `present`. */
static int plan_one(struct planning *planning, struct acme_order *order, struct error *error)
{
	const struct acme_wish *wish = planning->wish;
	_cleanup_(present_clear) struct present present = {.key = NULL};
	_cleanup_free_ char *sentence = NULL;
	bool rolls = !order->domain && json_is_true(json_object_get(wish->state, "roll"));
	enum due due = DUE_NOW;

	present_read(planning, order->path, &present);
	if (present.names && !wish->force && !rolls)
		due = due_of(wish, &present, order->state);
	if (due == DUE_NOT || planning->plan->count == ACME_ORDERS_MAX ||
	    (order->domain && planning->looks++ >= LOOKS_MAX))
		return 0;
	if (order->domain)
		look_domain(planning, order->domain, present.names, order->names);
	else if (!look_host(planning, present.names, order->names, &sentence)) {
		acme_attempt_later(order->state, wish->now, LOOK_AGAIN);
		json_object_set_new(order->state, "error", json_string(sentence));
		return 0;
	}
	if (json_array_size(order->names) == 0) { /* nobody comes by a name of this domain */
		acme_attempt_later(order->state, wish->now, DOMAIN_LOOK_AGAIN);
		return 0;
	}
	if (due == DUE_CHECK && !has_all(present.names, order->names) &&
	    wish->now >= present.begin + NAMES_GROW_AFTER)
		due = DUE_NOW;
	if (due == DUE_CHECK) { /* the authority may want it now, with the names that it has */
		json_array_clear(order->names);
		json_array_extend(order->names, present.names);
	}
	order->force = due == DUE_NOW;
	return add_order(planning, order, &present, error);
}

static int plan_host(struct planning *planning, enum certificate_kind kind, struct error *error)
{
	const struct acme_wish *wish = planning->wish;
	_cleanup_(order_clear) struct acme_order order = {
	    .kind = kind,
	    .path = file_join(wish->request->folder, certificate_file_name(kind)),
	    .names = json_array()};

	snprintf(order.id, sizeof(order.id), "host-%s", kind == CERTIFICATE_RSA ? "rsa" : "ecdsa");
	order.state = acme_state_object(acme_state_object(wish->state, "orders"), order.id);
	if (!order.path || !order.names || !order.state)
		return error_set(error, ENOMEM, "out of memory");
	return is_attempted(planning, order.state) ? plan_one(planning, &order, error) : 0;
}

static bool domain_id(const char *domain, char id[ACME_ID_SIZE])
{
	EVP_MD_CTX *digest = digest_begin();
	char text[DIGEST_TEXT_SIZE];

	if (!digest)
		return false;
	digest_add(digest, domain, strlen(domain));
	digest_finish(digest, text);
	snprintf(id, ACME_ID_SIZE, "d-%.16s", text);
	return true;
}

static int plan_domain(struct planning *planning, const char *domain, struct error *error)
{
	const struct acme_wish *wish = planning->wish;
	_cleanup_(order_clear) struct acme_order order = {
	    .kind = CERTIFICATE_ECDSA,
	    .domain = domain,
	    .path = certificate_domain_path(wish->request->folder, domain),
	    .names = json_array()};

	if (!order.path || !order.names || !domain_id(domain, order.id))
		return error_set(error, ENOMEM, "out of memory");
	order.state = acme_state_object(acme_state_object(wish->state, "orders"), order.id);
	if (!order.state)
		return error_set(error, ENOMEM, "out of memory");
	json_object_set_new(order.state, "domain", json_string(domain));
	return acme_attempt_is_due(order.state, wish->now) ? plan_one(planning, &order, error) : 0;
}

/* What is remembered of domains that the settings have no more. */
static void forget_domains(const struct acme_wish *wish)
{
	json_t *orders = acme_state_object(wish->state, "orders"), *order;
	const json_t *domains = json_object_get(wish->settings, "domains");
	const char *id;
	void *next;

	json_object_foreach_safe(orders, next, id, order)
	{
		const char *domain = json_text(order, "domain");

		if (domain[0] && !json_has_text(domains, domain))
			json_object_del(orders, id);
	}
}

static void read_own(struct planning *planning)
{
	_cleanup_free_ char *path = file_join(planning->wish->request->folder, "ca.pem");
	_cleanup_(key_chain_clear) struct key_chain file = KEY_CHAIN_INIT;
	_cleanup_(error_clear) struct error none = ERROR_INIT;

	if (path && key_chain_read(path, &file, &none) == 0 && file.chain)
		planning->own = sk_X509_shift(file.chain);
}

int acme_plan_make(const struct acme_wish *wish, struct acme_plan *ret, struct error *error)
{
	_cleanup_(acme_plan_clear) struct acme_plan plan = ACME_PLAN_INIT;
	_cleanup_(planning_clear) struct planning planning = {.wish = wish, .plan = &plan};
	int result = here_addresses(wish->settings, &planning.addresses, error);
	const json_t *domain;
	size_t i;

	forget_domains(wish);
	read_own(&planning);
	for (int kind = 0; result == 0 && kind < CERTIFICATE_KINDS; kind++)
		result = plan_host(&planning, (enum certificate_kind)kind, error);
	json_array_foreach(json_object_get(wish->settings, "domains"), i, domain)
	{
		if (result < 0 || i >= CERTIFICATE_DOMAINS_MAX || plan.count == ACME_ORDERS_MAX)
			break;
		result = plan_domain(&planning, json_string_value(domain), error);
	}
	if (result < 0)
		return error_wrap(error, "cannot prepare the orders");
	*ret = plan;
	plan = ACME_PLAN_INIT;
	return 0;
}
