// SPDX-License-Identifier: GPL-3.0-or-later
#include "acme/acme_renewal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "acme/acme_order.h"
#include "acme/acme_plan.h"
#include "acme/acme_said.h"
#include "acme/acme_state.h"
#include "acme/acme_summary.h"
#include "acme/acme_take.h"
#include "base/file.h"
#include "base/json_file.h"
#include "base/process.h"
#include "certificate/certificate_next.h"
#include "certificate/certificate_renewal.h"
#include "generation/generation.h"

#define LOCK_FILE   "/run/postcask/acme.lock"
#define SERVICE_MS  (100 * 60 * 1000) /* more than its own unit allows */
#define CONSOLES_MS 10000
#define DAY	    INT64_C(86400)
#define LIMITED	    INT64_C(10800) /* what authorities count over is hours */
#define CALM	    INT64_C(3600)  /* in which a person's haste is worth two attempts */

/* One run. */
struct work {
	const struct acme_renewal *renewal;
	struct certificate_request request;
	struct acme_wish wish;
	struct acme_plan plan;
	struct acme_outcome outcome;
};

static void work_clear(struct work *work)
{
	acme_plan_clear(&work->plan);
	acme_outcome_clear(&work->outcome);
	json_decref(work->wish.state);
}

void acme_outcome_clear(struct acme_outcome *outcome)
{
	free(outcome->error);
	*outcome = ACME_OUTCOME_INIT;
}

/* The first one counts. */
static void say(struct work *work, const char *sentence)
{
	if (!work->outcome.error && sentence && sentence[0])
		work->outcome.error = strdup(sentence);
}

/* ---- what is given to the account that asks ---- */

static json_t *order_json(const struct acme_order *order, struct error *error)
{
	_cleanup_free_ char *csr = NULL;

	if (acme_plan_request(order, &csr, error) < 0)
		return NULL;
	return json_pack("{s:s, s:s, s:O, s:b, s:i}", "id", order->id, "csr", csr, "names",
			 order->names, "force", order->force, "days", 1);
}

static json_t *value_or_null(const json_t *object, const char *key)
{
	json_t *value = json_object_get(object, key);

	return value ? json_incref(value) : json_null();
}

/* The group is there with its defaults without being written. */
static json_t *binding_json(const json_t *acme)
{
	json_t *binding = json_object_get(acme, "eab");

	return json_text(binding, "key_id")[0] ? json_incref(binding) : json_null();
}

static int orders_write(const struct work *work, struct error *error)
{
	const json_t *settings = work->wish.settings;
	const json_t *acme = json_object_get(json_object_get(settings, "tls"), "acme");
	const json_t *contact = json_object_get(acme, "contact");
	_cleanup_json_ json_t *orders =
	    json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:[]}", "directory",
		      work->wish.request->acme_directory, "contact",
		      json_is_string(contact) ? json_string_value(contact)
					      : json_text(settings, "postmaster"),
		      "challenge", work->wish.request->acme_method, "ca", json_text(acme, "ca"),
		      "eab", binding_json(acme), "update",
		      value_or_null(json_object_get(settings, "dns"), "update"), "orders");
	json_t *list = json_object_get(orders, "orders");

	for (size_t i = 0; i < work->plan.count; i++) {
		json_t *order = order_json(&work->plan.orders[i], error);

		if (!order || json_array_append_new(list, order) < 0)
			return error_wrap(error, "cannot write the orders");
	}
	return json_file_replace(ACME_ORDERS_FILE, orders, 0, 0600, error);
}

/* As the account postcask-acme, in its own unit. */
static int service_run(struct error *error)
{
	static const char *const argv[] = {"systemctl", "start", ACME_SERVICE, NULL};
	const struct process process = {.argv = argv, .timeout_ms = SERVICE_MS};
	_cleanup_(buffer_free) struct buffer said = BUFFER_INIT;
	int status = process_run(&process, &said, error);

	if (status > 0)
		return error_set(error, EIO, "%s failed; see `journalctl -u postcask-acme`",
				 ACME_SERVICE);
	return status;
}

/* ---- what came of it ---- */

static void take_window(json_t *state, const json_t *result)
{
	json_t *window = json_object_get(result, "window");

	if (json_is_integer(json_array_get(window, 0)) &&
	    json_is_integer(json_array_get(window, 1)))
		json_object_set(state, "window", window);
}

/* One order that got no certificate. */
static void note_result(struct work *work, const struct acme_order *order, const json_t *result)
{
	enum acme_class class = acme_class_find(json_text(result, "class"));
	int64_t now = work->wish.now;

	take_window(order->state, result);
	if (json_is_true(json_object_get(result, "issued")))
		return;		  /* acme_take_over sees to it */
	if (class == ACME_FINE) { /* still good, it says */
		acme_attempt_succeeded(order->state, now);
		json_object_set_new(order->state, "checked", json_integer(now));
		return;
	}
	say(work, json_text(result, "error"));
	if (class == ACME_UNREACHABLE) { /* the last one that was come to */
		acme_attempt_failed(acme_state_object(work->wish.state, "authority"), now, 0,
				    order->end, json_text(result, "error"));
		return;
	}
	acme_attempt_failed(order->state, now, class == ACME_LIMIT ? LIMITED : 0, order->end,
			    json_text(result, "error"));
}

static void take_common(struct work *work, const json_t *results)
{
	json_t *account = json_object_get(results, "account"),
	       *caa = json_object_get(results, "caa");

	if (json_is_string(account))
		json_object_set(work->wish.state, "account", account);
	if (json_array_size(caa) > 0)
		json_object_set(work->wish.state, "caa", caa);
}

static int results_take(struct work *work, struct error *error)
{
	struct acme_take take = {.wish = &work->wish, .plan = &work->plan, .folder = ACME_FOLDER};
	_cleanup_json_ json_t *results = NULL;
	json_t *authority = acme_state_object(work->wish.state, "authority");
	int64_t failures = json_number(authority, "failures");
	int result =
	    json_file_read(ACME_RESULTS_FILE, JSON_FILE_LIMIT, JSON_FILE_FOREIGN, &results, error);

	if (result < 0)
		return result;
	take.results = results;
	take_common(work, results);
	for (size_t i = 0; i < work->plan.count; i++) {
		const json_t *one =
		    json_object_get(json_object_get(results, "orders"), work->plan.orders[i].id);

		if (one)
			note_result(work, &work->plan.orders[i], one);
	}
	if (json_number(authority, "failures") == failures)
		acme_attempt_succeeded(authority, work->wish.now);
	result = acme_take_over(&take, &work->outcome.taken, error);
	for (size_t i = 0; i < work->plan.count; i++)
		say(work, json_text(work->plan.orders[i].state, "error"));
	return result;
}

/* ---- the whole ---- */

/* Both kinds have to come before the new keys are all there is. */
static void end_roll(struct work *work)
{
	_cleanup_(error_clear) struct error none = ERROR_INIT;

	if (!json_is_true(json_object_get(work->wish.state, "roll")))
		return;
	for (int kind = 0; kind < CERTIFICATE_KINDS; kind++) {
		EVP_PKEY *key = NULL;
		bool left = certificate_next_read(work->wish.request->folder,
						  (enum certificate_kind)kind, &key, &none) < 0 ||
			    key;

		EVP_PKEY_free(key);
		if (left)
			return;
	}
	json_object_del(work->wish.state, "roll");
}

/* A certificate near its end is said on every console, once a day. */
static void tell_consoles(struct work *work)
{
	static const char *const argv[] = {"systemctl", "start", "--no-block",
					   "postcask-report.service", NULL};
	const struct process process = {.argv = argv, .timeout_ms = CONSOLES_MS};
	_cleanup_json_ json_t *summary = acme_summary(work->wish.request->folder, work->wish.now);
	_cleanup_(error_clear) struct error none = ERROR_INIT;
	_cleanup_free_ char *sentence = NULL;
	int64_t told = json_number(work->wish.state, "told");

	if (acme_summary_judge(summary, work->wish.now, &sentence) < ACME_URGENT ||
	    (told <= work->wish.now && work->wish.now < told + DAY))
		return;
	json_object_set_new(work->wish.state, "told", json_integer(work->wish.now));
	if (process_run(&process, NULL, &none) != 0 ||
	    acme_state_save(work->wish.request->folder, work->wish.state, &none) < 0)
		fputs("postcask: the consoles could not be told\n", stderr);
}

/* A person may not wait for the back-off, but the authority counts what fails. */
static int check_haste(const struct work *work, struct error *error)
{
	const json_t *orders = json_object_get(work->wish.state, "orders"), *order;
	const char *id;

	if (!work->renewal->force)
		return 0;
	json_object_foreach((json_t *)orders, id, order)
	{
		int64_t since = work->wish.now - json_number(order, "tried");

		if (json_number(order, "failures") >= 2 && since >= 0 && since < CALM)
			return error_set(error, EAGAIN,
					 "the authority refused twice, and not an hour ago: %s; "
					 "mend that, and try again in %lld minutes, for it counts "
					 "what fails",
					 json_text(order, "error"),
					 (long long)((CALM - since) / 60 + 1));
	}
	return 0;
}

static int orders_run(struct work *work, struct error *error)
{
	int result = acme_plan_make(&work->wish, &work->plan, error);

	work->outcome.asked = work->plan.count;
	if (result < 0 || work->plan.count == 0)
		return result;
	result = orders_write(work, error);
	if (result == 0)
		result = service_run(error);
	unlink(ACME_ORDERS_FILE);
	work->wish.now = (int64_t)time(NULL); /* what was issued begins after the plan was made */
	if (result < 0) {
		acme_attempt_failed(acme_state_object(work->wish.state, "authority"),
				    work->wish.now, 0, 0, error ? error_text(error) : "");
		return result;
	}
	return results_take(work, error);
}

static int run(struct work *work, struct error *error)
{
	const char *keys = work->wish.request->folder;
	const json_t *authority = acme_state_object(work->wish.state, "authority");
	_cleanup_(certificate_outcome_clear) struct certificate_outcome certificate =
	    CERTIFICATE_OUTCOME_INIT;
	_cleanup_(error_clear) struct error late = ERROR_INIT;
	int result = check_haste(work, error), saved;

	if (result < 0)
		return result;
	if (work->renewal->roll)
		json_object_set_new(work->wish.state, "roll", json_true());
	if (work->renewal->force || acme_attempt_is_due(authority, work->wish.now))
		result = orders_run(work, error);
	else
		say(work, json_text(authority, "error"));
	end_roll(work);
	saved = acme_state_save(keys, work->wish.state, &late);
	/* Publishes, and puts the own authority's into the place of what has ended.  While keys
	 * are rolled the old next ones are on their way. */
	work->request.next = !json_is_true(json_object_get(work->wish.state, "roll"));
	if (saved == 0)
		saved = certificate_ensure(&work->request, &certificate, &late);
	if (saved == 0)
		tell_consoles(work);
	if (result == 0 && saved < 0)
		result = error_set(error, saved, "%s", error_text(&late));
	return result;
}

int acme_renewal_run(const struct acme_renewal *renewal, struct acme_outcome *ret,
		     struct error *error)
{
	_cleanup_(work_clear) struct work work = {.renewal = renewal, .plan = ACME_PLAN_INIT};
	const char *names[CERTIFICATE_NAMES_MAX];
	_cleanup_json_ json_t *settings = NULL;
	_cleanup_close_ int lock = -1;
	int result = generation_settings(RENEWAL_STATE, &settings, error);

	if (result == 0)
		result = certificate_request_from_settings(settings, names, &work.request, error);
	if (result < 0 || !work.request.acme_directory) {
		if (result == 0)
			*ret = ACME_OUTCOME_INIT;
		return result;
	}
	result = file_lock(LOCK_FILE, 0, &lock, error);
	if (result < 0)
		return error_wrap(error, "another run is at work");
	work.outcome.wanted = true;
	work.wish = (struct acme_wish){.settings = settings,
				       .request = &work.request,
				       .now = (int64_t)time(NULL),
				       .force = renewal->force};
	result = acme_state_load(work.request.folder, work.request.acme_directory, &work.wish.state,
				 error);
	if (result == 0)
		result = run(&work, error);
	if (result < 0)
		return result;
	*ret = work.outcome;
	work.outcome = ACME_OUTCOME_INIT;
	return 0;
}
