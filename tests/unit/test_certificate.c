// SPDX-License-Identifier: GPL-3.0-or-later
/* Server certificates: what they contain (with openssl(1) as a second opinion),
 * when they are made again, what becomes of half files, and the given ones. */
#include "tests/unit/certificate_fixture.h"

static void check_contents(enum certificate_kind kind)
{
	_cleanup_(key_chain_clear) struct key_chain pair = KEY_CHAIN_INIT;
	struct stat info;
	X509 *leaf;

	read_pair(kind, &pair);
	leaf = leaf_of(&pair);
	assert_int_equal(stat(path_of(certificate_file_name(kind)), &info), 0);
	assert_int_equal(info.st_mode & 07777, 0600);
	assert_true(certificate_key_is(pair.key, kind));
	assert_int_equal(X509_check_private_key(leaf, pair.key), 1);
	assert_int_equal(sk_X509_num(pair.chain), 2);
	assert_int_equal(X509_check_ca(leaf), 0);
	assert_int_equal(X509_get_extended_key_usage(leaf), XKU_SSL_SERVER);
	assert_true(certificate_has_names(leaf, NAMES, ARRAY_SIZE(NAMES)));
	assert_false(certificate_has_names(leaf, NAMES, 1));
	for (size_t i = 0; i < ARRAY_SIZE(NAMES); i++)
		assert_int_equal(
		    X509_check_host(leaf, NAMES[i], 0, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, NULL),
		    1);
	assert_int_equal(certificate_not_before(leaf), NOW - DAY);
	assert_int_equal(certificate_not_after(leaf), NOW + 396 * DAY);
}

/* openssl(1) builds the chain to ca.pem as a strict client would. */
static void check_second_opinion(enum certificate_kind kind)
{
	const char *file = path_of(certificate_file_name(kind));
	const char *ca = path_of("ca.pem");
	const char *verify[] = {
	    "openssl",	  "verify",	      "-x509_strict", "-purpose", "sslserver", "-attime",
	    "1800000000", "-verify_hostname", NAMES[1],	      "-CAfile",  ca,	       file,
	    NULL};
	const char *wrong[] = {
	    "openssl",		 "verify",  "-attime", "1800000000", "-verify_hostname",
	    "other.example.org", "-CAfile", ca,	       file,	     NULL};
	const char *key[] = {"openssl", "pkey", "-in", file, "-check", "-noout", NULL};

	expect_run(verify, ": OK");
	assert_int_not_equal(run(wrong, NULL), 0);
	expect_run(key, "Key is valid");
}

static void test_first_boot(void **state)
{
	struct certificate_request request = request_at(NOW);
	struct certificate_outcome outcome = ensure(&request);

	(void)state;
	assert_int_equal(outcome.authority, AUTHORITY_MADE);
	assert_true(outcome.changed);
	assert_false(outcome.given);
	assert_int_equal(outcome.not_after, NOW + 396 * DAY);
	for (int kind = 0; kind < CERTIFICATE_KINDS; kind++) {
		assert_int_equal(outcome.reason[kind], CERTIFICATE_MISSING);
		check_contents((enum certificate_kind)kind);
		check_second_opinion((enum certificate_kind)kind);
	}
	outcome = ensure(&request);
	assert_false(outcome.changed);
	assert_int_equal(outcome.authority, AUTHORITY_KEPT);
	assert_int_equal(outcome.not_after, NOW + 396 * DAY);
}

/* Makes the files at NOW, asks again with the changed request and says why the
 * files were written then; the keys must have been kept or not. */
static void expect_again(const struct certificate_request *request, enum certificate_reason reason,
			 bool keeps_keys)
{
	struct certificate_request first = request_at(NOW);
	struct certificate_outcome outcome;

	ensure(&first);
	for (int kind = 0; kind < CERTIFICATE_KINDS; kind++) {
		_cleanup_(key_chain_clear) struct key_chain before = KEY_CHAIN_INIT;
		_cleanup_(key_chain_clear) struct key_chain after = KEY_CHAIN_INIT;

		read_pair((enum certificate_kind)kind, &before);
		outcome = ensure(request);
		read_pair((enum certificate_kind)kind, &after);
		if (kind == 0) { /* the first call did the work for both kinds */
			assert_int_equal(outcome.reason[0], reason);
			assert_int_equal(outcome.reason[1], reason);
			assert_int_equal(outcome.changed, reason != CERTIFICATE_CURRENT);
			assert_int_equal(EVP_PKEY_eq(before.key, after.key), keeps_keys);
			assert_int_equal(X509_cmp(leaf_of(&before), leaf_of(&after)) == 0,
					 reason == CERTIFICATE_CURRENT);
		}
	}
}

static void test_renewal_by_time(void **state)
{
	struct certificate_request request = request_at(NOW + 260 * DAY);

	(void)state;
	expect_again(&request, CERTIFICATE_CURRENT, true);
	request.now = NOW + 265 * DAY; /* less than a third of 397 days is left */
	expect_again(&request, CERTIFICATE_EXPIRING, true);
	request.now = NOW + 2000 * DAY; /* a machine that was off for years */
	expect_again(&request, CERTIFICATE_EXPIRING, true);
}

static void test_clock_went_back(void **state)
{
	struct certificate_request request = request_at(NOW - 30 * DAY);

	(void)state;
	expect_again(&request, CERTIFICATE_NOT_YET_VALID, true);
}

static void test_other_names(void **state)
{
	static const char *const other[] = {"mail.example.net"};
	struct certificate_request request = request_at(NOW);

	(void)state;
	request.names = other;
	request.name_count = 1;
	expect_again(&request, CERTIFICATE_NAMES, true);
}

static void test_names_in_another_order_are_the_same(void **state)
{
	static const char *const other[] = {"autoconfig.example.org", "mail.example.org"};
	struct certificate_request request = request_at(NOW);

	(void)state;
	request.names = other;
	expect_again(&request, CERTIFICATE_CURRENT, true);
}

static void test_wanted_renewal(void **state)
{
	struct certificate_request request = request_at(NOW);

	(void)state;
	request.renew = true;
	expect_again(&request, CERTIFICATE_WANTED, true);
	request.new_keys = true;
	ensure(&request);
	expect_again(&request, CERTIFICATE_WANTED, false);
}

/* Breaks server-ecdsa.pem with these bytes, mends it and returns the reason. */
static enum certificate_reason mend(const char *bytes, size_t size)
{
	struct certificate_request request = request_at(NOW);
	struct certificate_outcome outcome;

	assert_int_equal(file_replace(path_of("server-ecdsa.pem"), bytes, size, 0600, (uid_t)-1,
				      (gid_t)-1, NULL),
			 0);
	outcome = ensure(&request);
	assert_int_equal(outcome.reason[CERTIFICATE_RSA], CERTIFICATE_CURRENT);
	assert_true(outcome.changed);
	check_contents(CERTIFICATE_ECDSA);
	return outcome.reason[CERTIFICATE_ECDSA];
}

/* The file cut at many places, as a full disk or a bad copy leaves it. */
static void test_half_files(void **state)
{
	struct certificate_request request = request_at(NOW);
	_cleanup_free_ char *text = NULL;
	size_t size;

	(void)state;
	ensure(&request);
	assert_int_equal(file_read(path_of("server-ecdsa.pem"), 1 << 16, &text, &size, NULL), 0);
	for (size_t cut = 0; cut < size - 2; cut += 37)
		assert_int_equal(mend(text, cut), CERTIFICATE_DAMAGED);
	assert_int_equal(mend("\0\1\2\3", 4), CERTIFICATE_DAMAGED);
	text[size / 2] ^= 1; /* one byte of the certificate */
	assert_int_equal(mend(text, size), CERTIFICATE_DAMAGED);
}

static void test_half_certificate_keeps_its_key(void **state)
{
	struct certificate_request request = request_at(NOW);
	_cleanup_(key_chain_clear) struct key_chain before = KEY_CHAIN_INIT;
	_cleanup_(key_chain_clear) struct key_chain after = KEY_CHAIN_INIT;
	_cleanup_free_ char *text = NULL;

	(void)state;
	ensure(&request);
	read_pair(CERTIFICATE_ECDSA, &before);
	assert_int_equal(file_read(path_of("server-ecdsa.pem"), 1 << 16, &text, NULL, NULL), 0);
	mend(text, (size_t)(strstr(text, "BEGIN CERTIFICATE") - text) + 100);
	read_pair(CERTIFICATE_ECDSA, &after);
	assert_int_equal(EVP_PKEY_eq(before.key, after.key), 1);
}

static void test_key_and_certificate_are_no_pair(void **state)
{
	struct certificate_request request = request_at(NOW);
	_cleanup_(key_chain_clear) struct key_chain pair = KEY_CHAIN_INIT;
	_cleanup_(cleanup_pkey) EVP_PKEY *other = NULL;

	(void)state;
	ensure(&request);
	read_pair(CERTIFICATE_ECDSA, &pair);
	assert_int_equal(certificate_make_key(CERTIFICATE_ECDSA, &other, NULL), 0);
	assert_int_equal(
	    key_chain_write(path_of("server-ecdsa.pem"), 0600, other, pair.chain, NULL), 0);
	assert_int_equal(ensure(&request).reason[CERTIFICATE_ECDSA], CERTIFICATE_DAMAGED);
	check_contents(CERTIFICATE_ECDSA);
}

static void test_swapped_files(void **state)
{
	struct certificate_request request = request_at(NOW);

	(void)state;
	ensure(&request);
	assert_int_equal(rename(path_of("server-ecdsa.pem"), path_of("x")), 0);
	assert_int_equal(rename(path_of("server-rsa.pem"), path_of("server-ecdsa.pem")), 0);
	assert_int_equal(rename(path_of("x"), path_of("server-rsa.pem")), 0);
	struct certificate_outcome outcome = ensure(&request);
	assert_int_equal(outcome.reason[CERTIFICATE_ECDSA], CERTIFICATE_DAMAGED);
	assert_int_equal(outcome.reason[CERTIFICATE_RSA], CERTIFICATE_DAMAGED);
	check_contents(CERTIFICATE_ECDSA);
	check_contents(CERTIFICATE_RSA);
}

static void test_lost_authority(void **state)
{
	struct certificate_request request = request_at(NOW);
	struct certificate_outcome outcome = CERTIFICATE_OUTCOME_INIT;

	(void)state;
	ensure(&request);
	assert_int_equal(file_remove_tree(path_of("ca.key"), NULL), 0);
	assert_int_equal(certificate_ensure(&request, &outcome, NULL), 0);
	assert_int_equal(outcome.authority, AUTHORITY_REPLACED);
	assert_int_equal(outcome.reason[CERTIFICATE_ECDSA], CERTIFICATE_ISSUER);
	assert_int_equal(outcome.reason[CERTIFICATE_RSA], CERTIFICATE_ISSUER);
	assert_non_null(strstr(outcome.note, "postcask cert ca"));
	certificate_outcome_clear(&outcome);
	check_second_opinion(CERTIFICATE_RSA);
}

static void test_power_cut_leftovers(void **state)
{
	static const char *const LEFT[] = {".server-ecdsa.pem.0123456789abcdef", ".ca.key.00ff"};
	struct certificate_request request = request_at(NOW);

	(void)state;
	ensure(&request);
	for (size_t i = 0; i < ARRAY_SIZE(LEFT); i++)
		assert_int_equal(
		    file_replace(path_of(LEFT[i]), "half", 4, 0600, (uid_t)-1, (gid_t)-1, NULL), 0);
	assert_int_equal(file_replace(path_of(".other"), "", 0, 0600, (uid_t)-1, (gid_t)-1, NULL),
			 0);
	assert_false(ensure(&request).changed);
	for (size_t i = 0; i < ARRAY_SIZE(LEFT); i++)
		assert_false(file_exists(path_of(LEFT[i])));
	assert_true(file_exists(path_of(".other")));
}

static void test_long_hostname(void **state)
{
	static const char *const names[] = {
	    "a-very-long-label-of-a-host-name-that-somebody-really-has-chosen.mail.example.org"};
	struct certificate_request request = request_at(NOW);
	_cleanup_(key_chain_clear) struct key_chain pair = KEY_CHAIN_INIT;

	(void)state;
	request.names = names;
	request.name_count = 1;
	ensure(&request);
	read_pair(CERTIFICATE_ECDSA, &pair);
	assert_true(certificate_has_names(leaf_of(&pair), names, 1));
	assert_int_equal(X509_NAME_entry_count(X509_get_subject_name(leaf_of(&pair))), 0);
	const char *verify[] = {"openssl",
				"verify",
				"-x509_strict",
				"-attime",
				"1800000000",
				"-verify_hostname",
				names[0],
				"-CAfile",
				path_of("ca.pem"),
				path_of("server-ecdsa.pem"),
				NULL};
	expect_run(verify, ": OK");
}

static void test_refused_requests(void **state)
{
	static const char *const bad[] = {"", "MAIL.example.org", "a b", "x\ny", "a,DNS:evil.org"};
	struct certificate_request request = request_at(NOW);
	struct certificate_outcome outcome = CERTIFICATE_OUTCOME_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		request.names = &bad[i];
		request.name_count = 1;
		assert_int_equal(certificate_ensure(&request, &outcome, NULL), -EINVAL);
	}
	request.name_count = 0;
	assert_int_equal(certificate_ensure(&request, &outcome, NULL), -EINVAL);
	assert_false(file_exists(path_of("ca.key")));
}

static void test_one_at_a_time(void **state)
{
	struct certificate_request request = request_at(NOW);
	struct certificate_outcome outcome = CERTIFICATE_OUTCOME_INIT;
	_cleanup_close_ int fd = open(folder, O_RDONLY | O_DIRECTORY);

	(void)state;
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_int_equal(certificate_ensure(&request, &outcome, NULL), -EBUSY);
	assert_false(file_exists(path_of("ca.key")));
}

static void test_in_a_thread(void **state)
{
	struct certificate_request request = request_at(NOW);
	struct certificate_outcome outcome = CERTIFICATE_OUTCOME_INIT;
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	struct certificate_job *job = NULL;

	(void)state;
	assert_int_equal(certificate_ensure_begin(&request, &job, NULL), 0);
	request.folder = "/nonexistent"; /* the job has its own copy */
	assert_int_equal(certificate_ensure_finish(job, 60000, &outcome, &error), 0);
	assert_true(outcome.changed);
	check_contents(CERTIFICATE_RSA);
	request.folder = "/proc/nonexistent";
	assert_int_equal(certificate_ensure_begin(&request, &job, NULL), 0);
	assert_int_equal(certificate_ensure_finish(job, 60000, &outcome, &error), -ENOENT);
	assert_non_null(strstr(error_text(&error), "/proc/nonexistent"));
}

static void test_request_from_settings(void **state)
{
	const char *names[CERTIFICATE_NAMES_MAX];
	struct certificate_request request;
	json_t *settings =
	    json_pack("{s:s, s:[s, s], s:{s:s, s:s, s:[s, s, s]}}", "hostname", "mail.example.org",
		      "domains", "example.org", "imap.example.org", "tls", "certificate", "", "key",
		      "", "names", "imap.example.org", "mail.example.org", "imap.example.org");
	json_t *list = json_object_get(json_object_get(settings, "tls"), "names");

	(void)state;
	assert_int_equal(certificate_request_from_settings(settings, names, &request, NULL), 0);
	assert_string_equal(request.names[0], "mail.example.org");
	assert_string_equal(request.given_certificate, "");
	assert_int_equal(request.name_count, 2); /* each name once */
	assert_string_equal(request.names[1], "imap.example.org");
	assert_int_equal(request.domain_count, 1);
	assert_string_equal(request.names[2], "example.org");
	for (int i = 2; i < CERTIFICATE_NAMES_MAX; i++)
		json_array_append_new(list, json_sprintf("n%d.example.org", i));
	assert_int_equal(certificate_request_from_settings(settings, names, &request, NULL), 0);
	assert_int_equal(request.name_count, CERTIFICATE_NAMES_MAX);
	assert_int_equal(request.domain_count, 0);
	json_array_append_new(list, json_string("more.example.org"));
	assert_int_equal(certificate_request_from_settings(settings, names, &request, NULL),
			 -EINVAL);
	json_object_del(settings, "hostname");
	assert_int_equal(certificate_request_from_settings(settings, names, &request, NULL),
			 -EINVAL);
	json_decref(settings);
}

static void test_facts(void **state)
{
	struct certificate_request request = request_at(NOW);
	_cleanup_(key_chain_clear) struct key_chain pair = KEY_CHAIN_INIT;
	json_t *facts;

	(void)state;
	ensure(&request);
	read_pair(CERTIFICATE_RSA, &pair);
	facts = certificate_facts(leaf_of(&pair), NOW);
	assert_non_null(facts);
	assert_string_equal(json_string_value(json_object_get(facts, "key")), "RSA 3072 bit");
	assert_int_equal(json_integer_value(json_object_get(facts, "days_left")), 396);
	assert_string_equal(json_string_value(json_array_get(json_object_get(facts, "names"), 1)),
			    NAMES[1]);
	assert_int_equal(json_string_length(json_object_get(facts, "sha256")), 64);
	json_decref(facts);
}

int main(void)
{
#define folder_test(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_first_boot, setup_empty, teardown),
	    folder_test(test_renewal_by_time),
	    folder_test(test_clock_went_back),
	    folder_test(test_other_names),
	    folder_test(test_names_in_another_order_are_the_same),
	    folder_test(test_wanted_renewal),
	    folder_test(test_half_files),
	    folder_test(test_half_certificate_keeps_its_key),
	    folder_test(test_key_and_certificate_are_no_pair),
	    folder_test(test_swapped_files),
	    folder_test(test_lost_authority),
	    folder_test(test_power_cut_leftovers),
	    folder_test(test_long_hostname),
	    folder_test(test_refused_requests),
	    folder_test(test_one_at_a_time),
	    folder_test(test_in_a_thread),
	    folder_test(test_request_from_settings),
	    folder_test(test_facts),
	};

	return cmocka_run_group_tests_name("certificate", tests, NULL, NULL);
}
