// SPDX-License-Identifier: GPL-3.0-or-later
/* When an ACME authority is asked, and what is understood of its answers: by a clock that a test
 * moves.  The authority is one of the test's own that signs what is asked for; the real one is in
 * tests/native/test_acme.py. */
#include "tests/unit/certificate_fixture.h"

#include <openssl/pem.h>

#include "acme/acme_plan.h"
#include "acme/acme_said.h"
#include "acme/acme_state.h"
#include "acme/acme_summary.h"
#include "base/json_file.h"
#include "certificate/certificate_extension.h"
#include "certificate/certificate_next.h"
#include "certificate/certificate_public.h"

#define HOUR INT64_C(3600)
#define STEP HOUR /* twice as seldom as postcask-acme.timer */

/* What stands in for Postfix's postmap (docs/decisions/fake-programs.md): makes the file. */
int fake_execvp(const char *file, char *const argv[]) __asm__("execvp");
int fake_execvp(const char *file, char *const argv[])
{
	char path[256];

	assert_string_equal(file, "/usr/sbin/postmap");
	snprintf(path, sizeof(path), "%s.db", argv[4] + strlen("hash:"));
	_exit(creat(path, 0600) < 0);
}

static const char directory[] = "https://acme.example.net/directory";
static EVP_PKEY *foreign_key;

static struct certificate_request acme_request(int64_t now)
{
	struct certificate_request request = request_at(now);

	request.acme_directory = directory;
	request.acme_method = "dns-01"; /* names are not looked for */
	request.next = true;
	return request;
}

/* As the authority would: other names for the issuer, an own key, no subject. */
static X509 *foreign_issue(EVP_PKEY *key, const json_t *names, int64_t begin, int64_t life)
{
	X509 *certificate = X509_new();
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;
	const json_t *name;
	size_t i;

	json_array_foreach(names, i, name)
	    buffer_addf(&text, "%sDNS:%s", i ? "," : "", json_string_value(name));
	if (!foreign_key)
		foreign_key = EVP_EC_gen("P-256");
	assert_true(
	    X509_set_version(certificate, X509_VERSION_3) && X509_set_pubkey(certificate, key) &&
	    ASN1_INTEGER_set(X509_get_serialNumber(certificate), (long)(begin & 0xffffff)) &&
	    X509_NAME_add_entry_by_txt(X509_get_issuer_name(certificate), "CN", MBSTRING_UTF8,
				       (const unsigned char *)"Foreign CA", -1, -1, 0) &&
	    ASN1_TIME_set(X509_getm_notBefore(certificate), begin) &&
	    ASN1_TIME_set(X509_getm_notAfter(certificate), begin + life) &&
	    certificate_put_extension(certificate, NULL, NID_subject_alt_name,
				      buffer_text(&text)) &&
	    X509_sign(certificate, foreign_key, EVP_sha256()));
	return certificate;
}

/* The request is for these names and this key, and then the certificate takes its place. */
static void issue(const struct acme_order *order, int64_t now, int64_t life)
{
	_cleanup_(key_chain_clear) struct key_chain file = {.chain = sk_X509_new_null()};
	X509 *leaf = foreign_issue(order->key, order->names, now, life);

	assert_true(sk_X509_push(file.chain, leaf) > 0);
	assert_int_equal(key_chain_write(order->path, 0600, order->key, file.chain, NULL), 0);
	acme_attempt_succeeded(order->state, now);
	json_object_set(order->state, "names", order->names);
	json_object_set_new(order->state, "begin", json_integer(now));
	json_object_set_new(order->state, "end", json_integer(now + life));
	json_object_set_new(order->state, "checked", json_integer(now));
	json_object_del(order->state, "window");
}

/* The machine as it is looked at every half an hour. */
struct watch {
	json_t *settings, *state;
	int64_t now;
	int asked, issued, gaps, fallbacks;
};

static void watch_begin(struct watch *watch)
{
	struct certificate_request request = acme_request(NOW);
	static EVP_PKEY *next; /* one for all: making it takes a second */

	if (!next)
		assert_int_equal(certificate_make_key(CERTIFICATE_RSA, &next, NULL), 0);
	assert_int_equal(key_chain_write(path_of("next-rsa.key"), 0600, next, NULL, NULL), 0);
	*watch = (struct watch){.settings = json_pack("{s:[]}", "domains"), .now = NOW};
	ensure(&request);
	assert_int_equal(acme_state_load(folder, directory, &watch->state, NULL), 0);
}

static void watch_end(struct watch *watch)
{
	json_decref(watch->settings);
	json_decref(watch->state);
}

/* The job's own part, twice a day and whenever an end is near: it takes the most time. */
static void watch_over(const struct watch *watch, const struct certificate_request *request)
{
	const json_t *orders = json_object_get(watch->state, "orders");
	int64_t end = json_number(json_object_get(orders, "host-ecdsa"), "end");

	if ((end - watch->now < 6 * HOUR && end > watch->now - 3 * HOUR) ||
	    (watch->now - NOW) % (12 * HOUR) == 0)
		ensure(request);
}

/* What is served: is it valid until the next look, and is it the authority's? */
static void look(struct watch *watch, const char *name, bool *ret_foreign)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_(cleanup_bio) BIO *bio = NULL;
	_cleanup_(cleanup_x509) X509 *leaf = NULL;

	assert_int_equal(file_read(path_of(name), CERTIFICATE_PEM_MAX, &text, NULL, NULL), 0);
	bio = BIO_new_mem_buf(strstr(text, "-----BEGIN CERTIFICATE"), -1);
	leaf = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	assert_non_null(leaf);
	watch->gaps += certificate_not_before(leaf) > watch->now ||
		       certificate_not_after(leaf) <= watch->now + STEP;
	*ret_foreign = X509_NAME_entry_count(X509_get_subject_name(leaf)) == 0;
}

/* One run of the job; `life` of what the authority issues, 0: it is dead. */
static void run_once(struct watch *watch, int64_t life)
{
	struct certificate_request request = acme_request(watch->now);
	struct acme_wish wish = {.settings = watch->settings,
				 .request = &request,
				 .state = watch->state,
				 .now = watch->now};
	_cleanup_(acme_plan_clear) struct acme_plan plan = ACME_PLAN_INIT;
	json_t *authority = acme_state_object(watch->state, "authority");
	bool foreign;

	watch_over(watch, &request);
	if (acme_attempt_is_due(authority, watch->now)) {
		assert_int_equal(acme_plan_make(&wish, &plan, NULL), 0);
		watch->asked += plan.count > 0;
		for (size_t i = 0; i < plan.count && life > 0; i++) {
			const struct acme_order *order = &plan.orders[i];

			if (order->force) {
				issue(order, watch->now, life);
				watch->issued += i == 0;
			} else {
				acme_attempt_succeeded(order->state, watch->now);
				json_object_set_new(order->state, "checked",
						    json_integer(watch->now));
			}
		}
		if (plan.count > 0 && life == 0)
			acme_attempt_failed(authority, watch->now, 0, plan.orders[0].end, "dead");
		else if (plan.count > 0)
			acme_attempt_succeeded(authority, watch->now);
		if (plan.count > 0)
			ensure(&request);
	}
	look(watch, "server-ecdsa.pem", &foreign);
	watch->fallbacks += !foreign;
	look(watch, "server-rsa.pem", &foreign);
}

static void public_has_keys(const char *before)
{
	_cleanup_json_ json_t *public = NULL;
	char *text;

	assert_int_equal(json_file_read(path_of("public.json"), JSON_FILE_LIMIT, 0, &public, NULL),
			 0);
	text = json_dumps(json_object_get(json_object_get(public, "tlsa"), "current"), 0);
	if (before)
		assert_string_equal(text, before);
	free(text);
}

static void six_days_through_ten_cycles(void **state)
{
	struct watch watch;
	char *keys;
	_cleanup_json_ json_t *public = NULL;

	(void)state;
	watch_begin(&watch);
	run_once(&watch, 6 * DAY);
	assert_int_equal(watch.issued, 1);
	assert_int_equal(json_file_read(path_of("public.json"), JSON_FILE_LIMIT, 0, &public, NULL),
			 0);
	keys = json_dumps(json_object_get(json_object_get(public, "tlsa"), "current"), 0);
	watch.fallbacks = 0;
	while (watch.issued <= 10) {
		watch.now += STEP;
		run_once(&watch, 6 * DAY);
		public_has_keys(keys);
	}
	free(keys);
	assert_int_equal(watch.gaps, 0);
	assert_int_equal(watch.fallbacks, 0);
	/* each at two thirds: four days, with the half an hour between two looks */
	assert_in_range(watch.now - NOW, 40 * DAY, 40 * DAY + 11 * STEP);
	/* and between them every six hours, whether the authority wants it sooner */
	assert_in_range(watch.asked, 40 * 4 - 10, 40 * 4 + 11);
	watch_end(&watch);
}

static void a_dead_authority_leaves_no_gap(void **state)
{
	struct watch watch;
	int asked;

	(void)state;
	watch_begin(&watch);
	run_once(&watch, 45 * DAY);
	watch.fallbacks = watch.asked = 0;
	while (watch.now < NOW + 60 * DAY) { /* from now on it is dead */
		watch.now += STEP;
		run_once(&watch, 0);
	}
	assert_int_equal(watch.gaps, 0);
	assert_true(watch.fallbacks > 0); /* since the 45th day */
	assert_in_range(watch.fallbacks, 15 * 24 - 1, 15 * 24 + 4);
	/* at most the few of the beginning, and then daily, give or take a quarter */
	assert_in_range(watch.asked, 40, 100);
	asked = watch.asked;
	watch.fallbacks = 0;
	while (watch.issued < 2) { /* it is back, and asked within the day */
		watch.now += STEP;
		run_once(&watch, 45 * DAY);
	}
	assert_in_range(watch.now - (NOW + 60 * DAY), 1, 31 * HOUR);
	assert_int_equal(watch.asked, asked + 1);
	watch_end(&watch);
}

static void renewal_information_decides(void **state)
{
	struct certificate_request request = acme_request(NOW);
	_cleanup_(acme_plan_clear) struct acme_plan plan = ACME_PLAN_INIT;
	struct acme_wish wish;
	struct watch watch;
	json_t *orders;

	(void)state;
	watch_begin(&watch);
	run_once(&watch, 60 * DAY);
	wish = (struct acme_wish){.settings = watch.settings,
				  .request = &request,
				  .state = watch.state,
				  .now = NOW + 41 * DAY};
	orders = json_object_get(watch.state, "orders");
	for (int kind = 0; kind < CERTIFICATE_KINDS; kind++) /* it wants them on the 45th day */
		json_object_set_new(json_object_get(orders, kind ? "host-rsa" : "host-ecdsa"),
				    "window",
				    json_pack("[I, I]", (json_int_t)(NOW + 44 * DAY),
					      (json_int_t)(NOW + 45 * DAY)));
	assert_int_equal(acme_plan_make(&wish, &plan, NULL), 0);
	assert_int_equal(plan.count, 2);
	assert_false(plan.orders[0].force); /* past two thirds, but asked alone */
	acme_plan_clear(&plan);
	wish.now = NOW + 46 * DAY; /* its time is over */
	assert_int_equal(acme_plan_make(&wish, &plan, NULL), 0);
	assert_true(plan.orders[0].force);
	watch_end(&watch);
}

static void rolled_keys_are_the_next_ones(void **state)
{
	struct certificate_request request = acme_request(NOW);
	_cleanup_(acme_plan_clear) struct acme_plan plan = ACME_PLAN_INIT;
	_cleanup_(cleanup_pkey) EVP_PKEY *next = NULL, *later = NULL;
	struct acme_wish wish;
	struct watch watch;

	(void)state;
	watch_begin(&watch);
	run_once(&watch, 60 * DAY);
	assert_int_equal(certificate_next_read(folder, CERTIFICATE_ECDSA, &next, NULL), 0);
	assert_non_null(next);
	json_object_set_new(watch.state, "roll", json_true());
	wish = (struct acme_wish){.settings = watch.settings,
				  .request = &request,
				  .state = watch.state,
				  .now = NOW + DAY};
	assert_int_equal(acme_plan_make(&wish, &plan, NULL), 0);
	assert_int_equal(plan.count, 2);
	assert_true(plan.orders[0].next_key && plan.orders[0].force);
	assert_int_equal(EVP_PKEY_eq(plan.orders[0].key, next), 1);
	issue(&plan.orders[0], NOW + DAY, 60 * DAY);
	assert_int_equal(certificate_next_drop(folder, CERTIFICATE_ECDSA, next, NULL), 0);
	assert_int_equal(certificate_next_read(folder, CERTIFICATE_ECDSA, &later, NULL), 0);
	assert_null(later);
	watch_end(&watch);
}

/* When the settings name no authority any more, the key goes on: its TLSA record is out there. */
static void the_key_outlives_the_authority(void **state)
{
	struct certificate_request request = acme_request(NOW), own = request_at(NOW + DAY);
	_cleanup_(key_chain_clear) struct key_chain before = KEY_CHAIN_INIT, after = KEY_CHAIN_INIT;
	struct certificate_outcome outcome;
	struct watch watch;

	(void)state;
	watch_begin(&watch);
	run_once(&watch, 60 * DAY);
	outcome = ensure(&request);
	assert_true(outcome.acme);
	read_pair(CERTIFICATE_ECDSA, &before);
	outcome = ensure(&own);
	assert_false(outcome.acme);
	assert_int_equal(outcome.reason[CERTIFICATE_ECDSA], CERTIFICATE_ISSUER);
	read_pair(CERTIFICATE_ECDSA, &after);
	assert_int_equal(sk_X509_num(after.chain), 2);
	assert_int_equal(EVP_PKEY_eq(before.key, after.key), 1);
	watch_end(&watch);
}

static void attempts_back_off(void **state)
{
	json_t *attempt = json_object();
	int64_t now = NOW, waits[8];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(waits); i++) {
		acme_attempt_failed(attempt, now, 0, 0, "why");
		waits[i] = json_number(attempt, "next") - now;
		assert_false(acme_attempt_is_due(attempt, now + waits[i] - 1));
		assert_true(acme_attempt_is_due(attempt, now + waits[i]));
		now += waits[i];
	}
	assert_in_range(waits[0], HOUR, HOUR * 5 / 4);
	assert_in_range(waits[2], 3 * HOUR, 5 * HOUR);
	assert_in_range(waits[7], 18 * HOUR, 30 * HOUR);
	assert_int_equal(json_number(attempt, "failures"), 8);
	/* the end comes near: sooner, but never within the hour */
	acme_attempt_failed(attempt, now, 0, now + 16 * HOUR, "why");
	assert_in_range(json_number(attempt, "next") - now, HOUR, 3 * HOUR);
	acme_attempt_failed(attempt, now, 0, now + 60, "why");
	assert_true(json_number(attempt, "next") - now >= HOUR);
	/* the clock went back by years */
	assert_true(acme_attempt_is_due(attempt, now - 1000 * DAY));
	acme_attempt_succeeded(attempt, now);
	assert_true(acme_attempt_is_due(attempt, now));
	assert_int_equal(json_number(attempt, "failures"), 0);
	json_decref(attempt);
}

static void alarms_come_in_time(void **state)
{
	static const struct {
		int64_t left; /* of 60 days */
		int failures;
		enum acme_alarm alarm;
	} cases[] = {
	    {30 * DAY, 0, ACME_QUIET},	  {30 * DAY, 1, ACME_NOTE},  {19 * DAY, 1, ACME_NOTE},
	    {19 * DAY, 3, ACME_DEGRADED}, {5 * DAY, 1, ACME_URGENT}, {-DAY, 9, ACME_URGENT},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		json_t *summary =
		    json_pack("{s:s, s:n, s:[{s:s, s:[], s:I, s:I, s:I, s:i, s:s?}]}", "authority",
			      directory, "unreachable", "certificates", "for", "the host, RSA",
			      "names", "end", (json_int_t)(NOW + cases[i].left), "life",
			      (json_int_t)(60 * DAY), "next", (json_int_t)0, "failures",
			      cases[i].failures, "error", cases[i].failures ? "it says no" : NULL);
		char *sentence;

		assert_int_equal(acme_summary_judge(summary, NOW, &sentence), cases[i].alarm);
		assert_int_equal(sentence != NULL, cases[i].alarm != ACME_QUIET);
		if (sentence)
			assert_non_null(strstr(sentence, "it says no"));
		free(sentence);
		json_decref(summary);
	}
}

static void answers_are_understood(void **state)
{
	static const struct {
		const char *text;
		int status;
		enum acme_class class;
		const char *part;
	} cases[] = {
	    {"", 0, ACME_FINE, NULL},
	    {"", 1, ACME_FINE, NULL},
	    {"uacme: curl_get: GET https://a failed: Could not connect to server\n", 2,
	     ACME_UNREACHABLE, "cannot be reached: Could not connect"},
	    {"uacme: failed to fetch directory at https://a\n", 2, ACME_UNREACHABLE,
	     "no directory"},
	    {"    \"type\": \"urn:ietf:params:acme:error:connection\",\n    \"detail\": "
	     "\"timeout\"\n",
	     2, ACME_REFUSED, "port 80 of x.example; open it"},
	    {"\"type\": \"urn:ietf:params:acme:error:dns\"", 2, ACME_REFUSED, "A or AAAA"},
	    {"\"type\": \"urn:ietf:params:acme:error:rateLimited\"", 2, ACME_LIMIT, "later"},
	    {"\"type\": \"urn:ietf:params:acme:error:badNonce\"", 2, ACME_NONCE, "nonces"},
	    {"\"type\": \"urn:ietf:params:acme:error:caa\"", 2, ACME_REFUSED, "CAA"},
	    {"\"type\": \"urn:ietf:params:acme:error:new\",\n\"detail\": \"strange\"", 2,
	     ACME_REFUSED, "(it says: strange)"},
	    {"uacme: no account associated with key.pem found\n", 2, ACME_NO_ACCOUNT, "account"},
	    {"this ACME server requires external credentials\n", 2, ACME_REFUSED, "tls.acme.eab"},
	    {"uacme: odd\n", 2, ACME_FAILED, "odd"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(acme_said_clear) struct acme_said said = ACME_SAID_INIT;

		acme_said_read(cases[i].text, strlen(cases[i].text), cases[i].status, "x.example",
			       &said);
		assert_int_equal(said.class, cases[i].class);
		assert_int_equal(said.error != NULL, cases[i].part != NULL);
		if (cases[i].part && !strstr(said.error, cases[i].part))
			fail_msg("%s: %s", cases[i].text, said.error);
	}
}

static void facts_are_found(void **state)
{
	static const char text[] =
	    "    \"caaIdentities\": [\n        \"letsencrypt.org\",\n        \"B;ad\"\n    ],\n"
	    "uacme: account location: https://a.example/acct/1\n"
	    "uacme: certificate renewal window: start=2027-01-15T08:00:00Z "
	    "end=2027-01-16T08:00:00.5Z\n";
	_cleanup_(acme_said_clear) struct acme_said said = ACME_SAID_INIT;

	(void)state;
	acme_said_read(text, strlen(text), 1, "x", &said);
	assert_string_equal(said.account, "https://a.example/acct/1");
	assert_int_equal(json_array_size(said.caa), 1);
	assert_int_equal(said.window[0], NOW);
	assert_int_equal(said.window[1], NOW + DAY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(six_days_through_ten_cycles, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_dead_authority_leaves_no_gap, setup, teardown),
	    cmocka_unit_test_setup_teardown(renewal_information_decides, setup, teardown),
	    cmocka_unit_test_setup_teardown(rolled_keys_are_the_next_ones, setup, teardown),
	    cmocka_unit_test_setup_teardown(the_key_outlives_the_authority, setup, teardown),
	    cmocka_unit_test(attempts_back_off),
	    cmocka_unit_test(alarms_come_in_time),
	    cmocka_unit_test(answers_are_understood),
	    cmocka_unit_test(facts_are_found),
	};
	int result = cmocka_run_group_tests(tests, NULL, NULL);

	EVP_PKEY_free(foreign_key);
	return result;
}
