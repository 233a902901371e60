// SPDX-License-Identifier: GPL-3.0-or-later
/* The parts of src/outward by themselves: what is read of strangers, what is kept, and what Postfix
 * is told.  tests/native/test_outward.py has the service, with real servers. */
#include "test.h"

#include "base/json_file.h"
#include "outward/domain.h"
#include "outward/report.h"
#include "outward/tally.h"

/* ---- Questions ---- */

static void a_netstring_is_taken_whole(void **state _unused_)
{
	struct slice input = SLICE("3:abc,0:,12:par"), payload;

	assert_int_equal(netstring_take(&input, &payload), NETSTRING_WHOLE);
	assert_true(slice_equal(payload, SLICE("abc")));
	assert_int_equal(netstring_take(&input, &payload), NETSTRING_WHOLE);
	assert_int_equal(payload.size, 0);
	assert_int_equal(netstring_take(&input, &payload), NETSTRING_PART);
	assert_true(slice_equal(input, SLICE("12:par")));
}

static void what_is_no_netstring_is_broken(void **state _unused_)
{
	static const char *const texts[] = {
	    "x", ":,", "3;abc,", "3:abcd", "4097:", "-1:,", "99999999999999999999:"};
	struct slice payload;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct slice input = slice_of(texts[i]);

		assert_int_equal(netstring_take(&input, &payload), NETSTRING_BROKEN);
	}
}

static void only_domains_are_looked_up(void **state _unused_)
{
	static const char *const none[] = {
	    "[mx.example.org]", "[192.0.2.1]:25",   "example.org:587",
	    ".example.org",	"localhost",	    "192.0.2.1",
	    "example..org",	"example.org.",	    "",
	    "ex ample.org",	"b\xc3\xbc.example"};
	char question[300], domain[OUTWARD_NAME];

	assert_true(socketmap_domain(SLICE("policy Mail_1.Example.ORG"), domain));
	assert_string_equal(domain, "mail_1.example.org");
	assert_false(socketmap_domain(SLICE("policy"), domain));
	for (size_t i = 0; i < ARRAY_SIZE(none); i++) {
		snprintf(question, sizeof(question), "policy %s", none[i]);
		assert_false(socketmap_domain(slice_of(question), domain));
	}
	memset(question, 'a', sizeof(question));
	memcpy(question, "policy ", 7);
	question[100] = '.';
	assert_false(socketmap_domain((struct slice){question, 299}, domain)); /* a label of 93 */
}

/* ---- Policies ---- */

#define POLICY "version: STSv1\r\nmode: enforce\r\n"

static void a_policy_is_read(void **state _unused_)
{
	static const char text[] =
	    POLICY "mx: MX.Example.org\r\nfuture: {x}\r\nmx:*.example.net\r\nmode: none\r\n"
		   "\r\nmax_age: 604800";
	struct sts_policy policy = STS_POLICY_INIT;
	struct buffer answer = BUFFER_INIT;

	assert_true(sts_policy_parse(slice_of(text), &policy));
	assert_int_equal(policy.mode, STS_ENFORCE); /* the first counts */
	assert_int_equal(policy.max_age, 604800);
	assert_string_equal(policy.hosts, "mx.example.org\n*.example.net\n");
	sts_policy_answer(&policy, "example.org", &answer);
	assert_string_equal(
	    buffer_text(&answer),
	    "secure match=mx.example.org:.example.net servername=hostname policy_type=sts "
	    "policy_domain=example.org mx_host_pattern=mx.example.org "
	    "mx_host_pattern=*.example.net { policy_string = version: STSv1 } "
	    "{ policy_string = mode: enforce } { policy_string = mx: mx.example.org } "
	    "{ policy_string = mx: *.example.net } { policy_string = max_age: 604800 }");
	buffer_free(&answer);
	sts_policy_clear(&policy);
}

static void what_is_no_policy_is_none(void **state _unused_)
{
	static const char *const texts[] = {
	    "",
	    "<html>",
	    POLICY "max_age: 1\n",
	    "mode: enforce\nmx: a.example\nmax_age: 1\n",
	    "version: STSv2\nmode: enforce\nmx: a.example\nmax_age: 1\n",
	    "version: STSv1\nmode: strict\nmx: a.example\nmax_age: 1\n",
	    POLICY "mx: a.example\n",
	    POLICY "mx: a.example\nmax_age: -1\n",
	    POLICY "mx: a.example\nmax_age: 1d\n",
	    POLICY "mx: a.example\nmax_age: 12345678901\n",
	    POLICY "mx: a.*.example\nmax_age: 1\n",
	    POLICY "mx: *\nmax_age: 1\n",
	    POLICY "mx: a.example } { policy_failure = x\nmax_age: 1\n",
	    POLICY "mx: a.example:b.example\nmax_age: 1\n",
	};
	struct sts_policy policy = STS_POLICY_INIT;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_false(sts_policy_parse(slice_of(texts[i]), &policy));
	assert_null(policy.hosts);
}

static void a_policy_has_an_end(void **state _unused_)
{
	struct sts_policy policy = STS_POLICY_INIT;
	struct buffer text = BUFFER_INIT;

	buffer_add_text(&text, POLICY "max_age: 9999999999\n");
	for (int i = 0; i < STS_HOSTS_MAX; i++)
		buffer_addf(&text, "mx: mx%d.example\n", i);
	assert_true(sts_policy_parse((struct slice){text.data, text.size}, &policy));
	assert_int_equal(policy.max_age, STS_AGE_MAX);
	sts_policy_clear(&policy);
	buffer_add_text(&text, "mx: one.more.example\n");
	assert_false(sts_policy_parse((struct slice){text.data, text.size}, &policy));
	buffer_free(&text);
}

static void a_record_has_an_id(void **state _unused_)
{
	static const char *const none[] = {"v=STSv1",	    "v=STSv1;",	       "v=STSv2; id=1",
					   "v=STSv1; id=",  "v=STSv1; id=a-b", "id=1; v=STSv1",
					   "v=STSv1; x=1;", "v=STSv12; id=1",  "v=spf1 -all"};
	char id[STS_ID_SIZE];

	assert_true(sts_record_parse(SLICE("v=STSv1; id=20260101T01;"), id));
	assert_string_equal(id, "20260101T01");
	assert_true(sts_record_parse(SLICE("v=STSv1 ; x=y ;id = 7 ; id=8"), id));
	assert_string_equal(id, "7");
	for (size_t i = 0; i < ARRAY_SIZE(none); i++)
		assert_false(sts_record_parse(slice_of(none[i]), id));
	assert_false(sts_record_parse(SLICE("v=STSv1; id=123456789012345678901234567890123"), id));
}

/* ---- What is kept ---- */

enum { NOW = 1800000000, DAY = 86400 };

static struct sts_store *open_store(const char *folder, const char **ret_said)
{
	static char said[500];
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_free_ char *path = file_join(folder, "policies.sqlite");
	struct sts_store *store = sts_store_open(path, &error);

	snprintf(said, sizeof(said), "%s", error.code ? error_text(&error) : "");
	if (ret_said)
		*ret_said = said;
	return store;
}

static void put(struct sts_store *store, const char *domain, const char *hosts, int64_t fetched)
{
	struct sts_store_policy policy = {
	    .policy = {STS_ENFORCE, 10 * DAY, strdup(hosts)}, .id = "1", .fetched = fetched};

	assert_int_equal(sts_store_put(store, domain, &policy, fetched, NULL), 0);
	sts_store_policy_clear(&policy);
}

static void a_policy_is_kept_for_its_time(void **state)
{
	_cleanup_(sts_store_close) struct sts_store *store = open_store(*state, NULL);
	struct sts_store_policy policy = STORE_POLICY_INIT;

	put(store, "example.org", "mx.example.org\n", NOW);
	put(store, "example.org", "mx2.example.org\n", NOW);
	sts_store_close(&store);
	store = open_store(*state, NULL);
	assert_true(sts_store_get(store, "example.org", NOW + 10 * DAY - 1, &policy));
	assert_string_equal(policy.policy.hosts, "mx2.example.org\n");
	assert_string_equal(policy.id, "1");
	assert_false(sts_store_policy_is_old(&policy, NOW + DAY));
	assert_true(sts_store_policy_is_old(&policy, NOW + DAY + 1));
	sts_store_policy_clear(&policy);
	assert_false(sts_store_get(store, "example.org", NOW + 10 * DAY, &policy));
	assert_false(sts_store_get(store, "example.net", NOW, &policy));
	/* A clock that went back ends none. */
	assert_true(sts_store_get(store, "example.org", 0, &policy));
	sts_store_policy_clear(&policy);
}

static void old_policies_are_named_once_an_hour(void **state)
{
	_cleanup_(sts_store_close) struct sts_store *store = open_store(*state, NULL);
	char domain[OUTWARD_NAME];

	put(store, "a.example", "mx\n", NOW);
	put(store, "b.example", "mx\n", NOW + 100);
	assert_false(sts_store_stale(store, NOW + DAY, domain));
	assert_true(sts_store_stale(store, NOW + DAY + 200, domain));
	assert_string_equal(domain, "a.example");
	assert_true(sts_store_stale(store, NOW + DAY + 200, domain));
	assert_string_equal(domain, "b.example");
	assert_false(sts_store_stale(store, NOW + DAY + 200, domain));
	assert_true(sts_store_stale(store, NOW + DAY + 200 + STORE_TRY_AGAIN + 1, domain));
	/* Nobody has needed them for a month. */
	assert_false(sts_store_stale(store, NOW + STORE_USED + 200, domain));
	sts_store_use(store, "b.example", NOW + STORE_USED);
	assert_true(sts_store_stale(store, NOW + STORE_USED + 200, domain));
	assert_string_equal(domain, "b.example");
}

static void a_damaged_store_is_begun_anew(void **state)
{
	_cleanup_free_ char *path = file_join(*state, "policies.sqlite");
	_cleanup_free_ char *aside = file_join(*state, "policies.sqlite.damaged");
	_cleanup_(sts_store_close) struct sts_store *store = NULL;
	struct sts_store_policy policy = STORE_POLICY_INIT;
	const char *said;

	assert_int_equal(file_replace(path, "no database at all, and long enough", 30, 0600,
				      (uid_t)-1, (gid_t)-1, NULL),
			 0);
	store = open_store(*state, &said);
	assert_non_null(strstr(said, "is damaged, and begun anew"));
	assert_true(file_exists(aside));
	put(store, "example.org", "mx.example.org\n", NOW);
	assert_true(sts_store_get(store, "example.org", NOW, &policy));
	sts_store_policy_clear(&policy);
}

static void without_a_store_nothing_is_kept(void **state _unused_)
{
	const char *said;
	_cleanup_(sts_store_close) struct sts_store *store = open_store("/proc/nowhere", &said);
	struct sts_store_policy policy = STORE_POLICY_INIT;
	char domain[OUTWARD_NAME];

	assert_non_null(strstr(said, "policies are not kept over a restart"));
	put(store, "example.org", "mx.example.org\n", NOW);
	assert_false(sts_store_get(store, "example.org", NOW, &policy));
	assert_false(sts_store_stale(store, NOW, domain));
}

/* ---- Reports ---- */

#define RECORD "v=TLSRPTv1; rua=mailto:tls@example.org"
#define SESSION(policy)                                                                            \
	"{\"dpv\": \"1\",\"d\": \"Example.org\",\"pr\": \"" RECORD "\",\"policies\":[" policy "]}"
#define GOOD "{\"policy-type\":9,\"t\":0,\"f\":0}"
#define WRONG                                                                                      \
	"{\"policy-type\":2,\"policy-domain\": \"example.org\",\"policy-string\":[\"version: "     \
	"STSv1\",\"mode: "                                                                         \
	"enforce\"],\"mx-host\":[\"mx.example.org\"],\"failure-details\":[{\"c\":202,"             \
	"\"s\": \"192.0.2.1\",\"n\": \"mx.example.org\",\"h\": \"250-mx.example.org\\r\\n250 "     \
	"8BITMIME\",\"r\": \"192.0.2.2\"}],\"t\":1,\"f\":1}"

static void add(struct tally *tally, const char *text, int64_t day)
{
	struct event event = EVENT_INIT;

	assert_true(event_parse(slice_of(text), &event));
	assert_string_equal(event.domain, "example.org");
	tally_add(tally, &event, day);
	event_clear(&event);
}

static void what_is_no_event_is_passed_over(void **state _unused_)
{
	static const char *const texts[] = {
	    "",
	    "{}",
	    "[1]",
	    "{\"dpv\": \"2\",\"d\": \"a.b\",\"pr\": \"x\",\"policies\":[" GOOD "]}",
	    "{\"dpv\": \"1\",\"d\": \"a..b\",\"pr\": \"x\",\"policies\":[" GOOD "]}",
	    SESSION(""),
	    SESSION("{\"policy-type\":3}"),
	    SESSION(GOOD "," GOOD "," GOOD "," GOOD "," GOOD),
	};
	struct event event = EVENT_INIT;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_false(event_parse(slice_of(texts[i]), &event));
}

static void a_day_is_told_once_it_is_over(void **state)
{
	_cleanup_free_ char *path = file_join(*state, "sessions.sqlite");
	_cleanup_(tally_close) struct tally *tally = NULL;
	_cleanup_json_ json_t *policies = NULL, *expected = NULL;
	_cleanup_free_ char *record = NULL;
	char domain[OUTWARD_NAME] = "";
	int64_t day = 0;

	assert_int_equal(tally_open(path, &tally, NULL), 0);
	for (int i = 0; i < 3; i++)
		add(tally, SESSION(GOOD), 20000);
	add(tally, SESSION(WRONG), 20000);
	add(tally, SESSION(WRONG), 20000);
	add(tally, SESSION(GOOD), 20001);
	assert_false(tally_next(tally, 20000, &day, domain, &policies, &record));
	assert_true(tally_next(tally, 20001, &day, domain, &policies, &record));
	assert_int_equal(day, 20000);
	assert_string_equal(domain, "example.org");
	assert_string_equal(record, RECORD);
	expected = json_loads(
	    "[{\"policy\":{\"policy-type\":\"no-policy-found\"},\"summary\":{"
	    "\"total-successful-session-count\":3,\"total-failure-session-count\":0}},"
	    "{\"policy\":{\"policy-type\":\"sts\",\"policy-domain\":\"example.org\","
	    "\"policy-string\":[\"version: STSv1\",\"mode: enforce\"],\"mx-host\":[\"mx.example."
	    "org\"]},\"summary\":{\"total-successful-session-count\":0,"
	    "\"total-failure-session-count\":2},\"failure-details\":[{\"result-type\":"
	    "\"certificate-host-mismatch\",\"sending-mta-ip\":\"192.0.2.1\",\"receiving-ip\":"
	    "\"192.0.2.2\",\"receiving-mx-hostname\":\"mx.example.org\",\"receiving-mx-helo\":\"mx."
	    "example.org\",\"failed-session-count\":"
	    "2}]}]",
	    0, NULL);
	assert_true(json_equal(policies, expected));
	assert_int_equal(tally_forget(tally, day, domain, NULL), 0);
	assert_false(tally_next(tally, 20001, &day, domain, &policies, &record));
}

static void reports_go_where_the_record_says(void **state _unused_)
{
	char to[REPORT_RECIPIENTS][REPORT_ADDRESS];

	assert_int_equal(report_recipients(RECORD, to), 1);
	assert_string_equal(to[0], "tls@example.org");
	assert_int_equal(
	    report_recipients("v=TLSRPTv1;rua=https://a.example/x , mailto:a+b@c.d", to), 1);
	assert_string_equal(to[0], "a+b@c.d");
	assert_int_equal(report_recipients("v=TLSRPTv1; rua=mailto:a@b.c,mailto:a@b.c,mailto:a@b.c,"
					   "mailto:a@b.c,mailto:a@b.c",
					   to),
			 REPORT_RECIPIENTS);
	assert_int_equal(report_recipients("v=TLSRPTv2; rua=mailto:a@b.c", to), 0);
	assert_int_equal(
	    report_recipients("v=TLSRPTv1; rua=mailto:-f@b.c,mailto:a@b,mailto:a b@c.d,"
			      "mailto:\"a\"@b.c,mailto:@b.c",
			      to),
	    0);
}

static void a_report_is_packed_json(void **state _unused_)
{
	_cleanup_json_ json_t *policies = json_array(), *json = NULL;
	_cleanup_(buffer_free) struct buffer mail = BUFFER_INIT;
	struct report report = {"mail.example.net", "example.net", "postmaster@example.net",
				"example.org",	    20000,	   policies};

	json = report_json(&report);
	assert_string_equal(json_text(json_object_get(json, "date-range"), "start-datetime"),
			    "2024-10-04T00:00:00Z");
	assert_string_equal(json_text(json_object_get(json, "date-range"), "end-datetime"),
			    "2024-10-04T23:59:59Z");
	assert_int_equal(report_mail(&report, "tls@example.org", &mail, NULL), 0);
	assert_non_null(strstr(buffer_text(&mail), "\nTLS-Required: no\n"));
	assert_non_null(strstr(buffer_text(&mail), "\nTLS-Report-Domain: example.org\n"));
	assert_non_null(
	    strstr(buffer_text(&mail), "example.net!example.org!1728000000!1728086399.json.gz"));
	assert_non_null(strstr(buffer_text(&mail), "\nH4sI")); /* gzip, in base64 */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_netstring_is_taken_whole),
	    cmocka_unit_test(what_is_no_netstring_is_broken),
	    cmocka_unit_test(only_domains_are_looked_up),
	    cmocka_unit_test(a_policy_is_read),
	    cmocka_unit_test(what_is_no_policy_is_none),
	    cmocka_unit_test(a_policy_has_an_end),
	    cmocka_unit_test(a_record_has_an_id),
	    folder_test(a_policy_is_kept_for_its_time),
	    folder_test(old_policies_are_named_once_an_hour),
	    folder_test(a_damaged_store_is_begun_anew),
	    cmocka_unit_test(without_a_store_nothing_is_kept),
	    cmocka_unit_test(what_is_no_event_is_passed_over),
	    folder_test(a_day_is_told_once_it_is_over),
	    cmocka_unit_test(reports_go_where_the_record_says),
	    cmocka_unit_test(a_report_is_packed_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
