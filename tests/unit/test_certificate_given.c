// SPDX-License-Identifier: GPL-3.0-or-later
/* Certificates given in the settings: what is refused, with which sentence, and
 * how a given one takes the place of our own and gives it back. */
#include "tests/unit/certificate_fixture.h"

struct given {
	char *certificate, *key;
};

static void given_clear(struct given *given)
{
	free(given->certificate);
	free(given->key);
}

/* A self-signed pair by openssl(1): another maker than our own code. */
static void make_given(struct given *given, const char *algorithm, const char *names,
		       const char *digest)
{
	const char *certificate = path_of("given.crt"), *key = path_of("given.key");
	const char *argv[] = {"openssl",
			      "req",
			      "-x509",
			      "-newkey",
			      algorithm,
			      "-pkeyopt",
			      strncmp(algorithm, "ec", 2) == 0 ? "ec_paramgen_curve:P-256"
							       : "rsa_keygen_pubexp:65537",
			      "-nodes",
			      "-subj",
			      "/CN=mail.example.org",
			      "-days",
			      "90",
			      "-addext",
			      names,
			      digest,
			      "-keyout",
			      key,
			      "-out",
			      certificate,
			      NULL};

	expect_run(argv, "");
	assert_int_equal(file_read(certificate, 1 << 16, &given->certificate, NULL, NULL), 0);
	assert_int_equal(file_read(key, 1 << 16, &given->key, NULL, NULL), 0);
}

static void expect_given(const char *certificate, const char *key, const char *hostname,
			 int64_t now, const char *sentence)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	int result = certificate_check_pem(certificate, key, hostname, now, &error);

	if (!sentence && result < 0)
		fail_msg("refused: %s", error_text(&error));
	if (sentence && (result == 0 || !strstr(error_text(&error), sentence)))
		fail_msg("wanted \"%s\", got %d: %s", sentence, result, error_text(&error));
}

static void test_check_given(void **state)
{
	_cleanup_(given_clear) struct given rsa = {0}, ec = {0};
	_cleanup_free_ char *both = NULL;
	int64_t now = (int64_t)time(NULL) + 60;
	const char *host = "mail.example.org";

	(void)state;
	make_given(&rsa, "rsa:2048", "subjectAltName=DNS:mail.example.org,DNS:*.example.net",
		   "-sha256");
	make_given(&ec, "ec", "subjectAltName=DNS:mail.example.org", "-sha256");
	expect_given(rsa.certificate, rsa.key, host, now, NULL);
	expect_given(rsa.certificate, rsa.key, "imap.example.net", now, NULL);
	expect_given(ec.certificate, ec.key, host, now, NULL);
	expect_given(rsa.certificate, rsa.key, "a.b.example.net", now, "not for a.b.example.net");
	expect_given(rsa.certificate, rsa.key, "example.net", now, "not for example.net");
	expect_given(rsa.certificate, ec.key, host, now, "does not belong to the certificate");
	expect_given(rsa.certificate, rsa.key, host, now - 2 * DAY, "is valid only from");
	expect_given(rsa.certificate, rsa.key, host, now + 91 * DAY, "ended on");
	expect_given("", rsa.key, host, now, "no certificate in PEM form");
	expect_given(rsa.certificate, "", host, now, "no private key in PEM form");
	expect_given(rsa.key, rsa.key, host, now, "a private key stands in the certificate");
	expect_given(rsa.certificate, rsa.certificate, host, now, "stands in the key");
	assert_true(asprintf(&both, "%s%s", rsa.certificate, ec.certificate) > 0);
	expect_given(both, rsa.key, host, now, "certificate 2 of the chain did not sign");
	expect_given(both, ec.key, host, now, "the key belongs to certificate 2");
	rsa.certificate[200] = '\0';
	expect_given(rsa.certificate, rsa.key, host, now, "cut short");
}

static void test_check_weak_and_strange(void **state)
{
	_cleanup_(given_clear) struct given small = {0}, named = {0};
	int64_t now = (int64_t)time(NULL) + 60;
	const char *host = "mail.example.org", *key = path_of("given.key");
	const char *encrypt[] = {"openssl", "pkcs8", "-topk8",
				 "-in",	    key,     "-passout",
				 "pass:x",  "-out",  path_of("encrypted.key"),
				 NULL};
	_cleanup_free_ char *encrypted = NULL;

	(void)state;
	make_given(&small, "rsa:1024", "subjectAltName=DNS:mail.example.org", "-sha256");
	expect_given(small.certificate, small.key, host, now, "has 1024 bits");
	make_given(&named, "ec", "extendedKeyUsage=clientAuth", "-sha256");
	expect_given(named.certificate, named.key, host, now, "the common name does not count");
	expect_run(encrypt, "");
	assert_int_equal(file_read(path_of("encrypted.key"), 1 << 16, &encrypted, NULL, NULL), 0);
	expect_given(named.certificate, encrypted, host, now, "encrypted; give it without");
}

/* A chain as an authority of our own makes it: leaf, then its issuer. */
static void test_check_chain(void **state)
{
	struct certificate_request request = request_at(NOW);
	_cleanup_(key_chain_clear) struct key_chain pair = KEY_CHAIN_INIT;
	_cleanup_(cleanup_bio) BIO *chain = NULL, *key = NULL;
	char *chain_text, *key_text;

	(void)state;
	ensure(&request);
	read_pair(CERTIFICATE_RSA, &pair);
	chain = key_chain_format(NULL, pair.chain);
	key = key_chain_format(pair.key, NULL);
	assert_true(BIO_write(chain, "", 1) == 1 && BIO_write(key, "", 1) == 1);
	BIO_get_mem_data(chain, &chain_text);
	BIO_get_mem_data(key, &key_text);
	expect_given(chain_text, key_text, NAMES[0], NOW, NULL);
	expect_given(chain_text, key_text, NAMES[0], NOW + 400 * DAY, "the server certificate");
}

static void test_given_takes_both_files(void **state)
{
	_cleanup_(given_clear) struct given given = {0};
	struct certificate_request request = request_at(0);
	struct certificate_outcome outcome;
	struct key_chain pair[2] = {KEY_CHAIN_INIT, KEY_CHAIN_INIT};

	(void)state;
	ensure(&request);
	make_given(&given, "ec", "subjectAltName=DNS:mail.example.org", "-sha256");
	request.given_certificate = given.certificate;
	request.given_key = given.key;
	outcome = ensure(&request);
	assert_true(outcome.given && outcome.changed);
	assert_int_equal(outcome.reason[CERTIFICATE_RSA], CERTIFICATE_GIVEN);
	assert_false(ensure(&request).changed);
	read_pair(CERTIFICATE_ECDSA, &pair[0]);
	read_pair(CERTIFICATE_RSA, &pair[1]);
	assert_int_equal(X509_cmp(leaf_of(&pair[0]), leaf_of(&pair[1])), 0);
	/* taken back: our own again, and not with the given key */
	request.given_certificate = request.given_key = NULL;
	outcome = ensure(&request);
	assert_false(outcome.given);
	assert_int_equal(outcome.reason[CERTIFICATE_ECDSA], CERTIFICATE_ISSUER);
	key_chain_clear(&pair[1]);
	read_pair(CERTIFICATE_ECDSA, &pair[1]);
	assert_int_not_equal(EVP_PKEY_eq(pair[0].key, pair[1].key), 1);
	key_chain_clear(&pair[0]);
	key_chain_clear(&pair[1]);
}

static void test_given_near_its_end_is_noted(void **state)
{
	_cleanup_(given_clear) struct given given = {0};
	struct certificate_request request = request_at((int64_t)time(NULL));
	struct certificate_outcome outcome = CERTIFICATE_OUTCOME_INIT;

	(void)state;
	make_given(&given, "ec", "subjectAltName=DNS:mail.example.org", "-sha256");
	request.given_certificate = given.certificate;
	request.given_key = given.key;
	assert_int_equal(certificate_ensure(&request, &outcome, NULL), 0);
	assert_null(outcome.note);
	request.now += 70 * DAY;
	assert_int_equal(certificate_ensure(&request, &outcome, NULL), 0);
	assert_non_null(strstr(outcome.note, " ends on "));
	certificate_outcome_clear(&outcome);
	request.now += 30 * DAY;
	assert_int_equal(certificate_ensure(&request, &outcome, NULL), 0);
	assert_non_null(strstr(outcome.note, " ended on "));
	certificate_outcome_clear(&outcome);
}

static void test_given_nonsense_changes_nothing(void **state)
{
	struct certificate_request request = request_at(NOW);
	struct certificate_outcome outcome = CERTIFICATE_OUTCOME_INIT;
	_cleanup_free_ char *before = NULL, *after = NULL;

	(void)state;
	ensure(&request);
	assert_int_equal(file_read(path_of("server-rsa.pem"), 1 << 16, &before, NULL, NULL), 0);
	request.given_certificate = before;
	request.given_key = "nonsense";
	assert_true(certificate_ensure(&request, &outcome, NULL) < 0);
	assert_int_equal(file_read(path_of("server-rsa.pem"), 1 << 16, &after, NULL, NULL), 0);
	assert_string_equal(before, after);
}

int main(void)
{
#define folder_test(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
	const struct CMUnitTest tests[] = {
	    folder_test(test_check_given),
	    folder_test(test_check_weak_and_strange),
	    folder_test(test_check_chain),
	    folder_test(test_given_takes_both_files),
	    folder_test(test_given_near_its_end_is_noted),
	    folder_test(test_given_nonsense_changes_nothing),
	};

	return cmocka_run_group_tests_name("certificate_given", tests, NULL, NULL);
}
