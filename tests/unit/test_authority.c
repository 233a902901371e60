// SPDX-License-Identifier: GPL-3.0-or-later
/* The machine's certificate authority: what it contains, and what becomes of it
 * when its files are lost, damaged or old. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <openssl/bn.h>
#include <openssl/x509v3.h>

#include "base/file.h"
#include "certificate/authority.h"
#include "certificate/certificate_extension.h"
#include "certificate/certificate_facts.h"
#include "certificate/certificate_issue.h"
#include "certificate/certificate_pem.h"

#define NOW INT64_C(1800000000) /* 2027-01-15 */
#define DAY INT64_C(86400)

static char folder[64];

static int setup(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/test-authority-XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	return file_remove_tree(folder, NULL);
}

static const char *path_of(const char *name)
{
	static char path[2][128];
	static int turn;

	turn = !turn;
	snprintf(path[turn], sizeof(path[turn]), "%s/%s", folder, name);
	return path[turn];
}

static const char *const names[] = {"mail.example.org", "example.net"};
static const struct authority_names own_names = {names, 1, 1};

static enum authority_change ensure_for(const struct authority_names *wanted, int64_t now,
					struct authority *authority)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	enum authority_change change = AUTHORITY_KEPT;

	if (authority_ensure(folder, wanted, now, authority, &change, &error) < 0)
		fail_msg("%s", error_text(&error));
	assert_int_equal(error.code, 0);
	return change;
}

static enum authority_change ensure(int64_t now, struct authority *authority)
{
	return ensure_for(&own_names, now, authority);
}

static void write_text(const char *name, const char *text)
{
	assert_int_equal(
	    file_replace(path_of(name), text, strlen(text), 0600, (uid_t)-1, (gid_t)-1, NULL), 0);
}

static mode_t mode_of(const char *name)
{
	struct stat info;

	assert_int_equal(stat(path_of(name), &info), 0);
	return info.st_mode & 07777;
}

static void test_first_boot(void **state)
{
	_cleanup_(authority_clear) struct authority authority = AUTHORITY_INIT;
	X509 *ca;

	(void)state;
	assert_int_equal(ensure(NOW, &authority), AUTHORITY_MADE);
	ca = authority.certificate;
	assert_int_equal(mode_of("ca.key"), 0600);
	assert_int_equal(mode_of("ca.pem"), 0644);
	assert_true(certificate_key_is(authority.key, CERTIFICATE_ECDSA));
	assert_int_equal(X509_check_private_key(ca, authority.key), 1);
	assert_int_equal(X509_verify(ca, authority.key), 1);
	assert_int_equal(X509_get_version(ca), X509_VERSION_3);
	assert_int_equal(X509_check_ca(ca), 1);
	assert_int_equal(X509_get_pathlen(ca), 0);
	assert_int_equal(X509_get_key_usage(ca), KU_KEY_CERT_SIGN | KU_CRL_SIGN);
	assert_non_null(X509_get0_subject_key_id(ca));
	assert_true(certificate_not_before(ca) <= NOW);
	assert_true(certificate_not_after(ca) - NOW > 9 * 365 * DAY);
	assert_true(certificate_not_after(ca) - NOW < 11 * 365 * DAY);
}

static void test_second_boot_changes_nothing(void **state)
{
	_cleanup_(authority_clear) struct authority first = AUTHORITY_INIT, second = AUTHORITY_INIT;

	(void)state;
	ensure(NOW, &first);
	assert_int_equal(ensure(NOW + 365 * DAY, &second), AUTHORITY_KEPT);
	assert_int_equal(X509_cmp(first.certificate, second.certificate), 0);
}

static void test_two_machines_share_nothing(void **state)
{
	_cleanup_(authority_clear) struct authority first = AUTHORITY_INIT, second = AUTHORITY_INIT;

	(void)state;
	ensure(NOW, &first);
	assert_int_equal(file_remove_tree(path_of("ca.key"), NULL), 0);
	assert_int_equal(file_remove_tree(path_of("ca.pem"), NULL), 0);
	assert_int_equal(ensure(NOW, &second), AUTHORITY_MADE);
	assert_int_not_equal(EVP_PKEY_eq(first.key, second.key), 1);
	assert_int_not_equal(X509_NAME_cmp(X509_get_subject_name(first.certificate),
					   X509_get_subject_name(second.certificate)),
			     0);
	assert_int_not_equal(ASN1_INTEGER_cmp(X509_get0_serialNumber(first.certificate),
					      X509_get0_serialNumber(second.certificate)),
			     0);
}

/* What the old authority signed is good under the certificate made again. */
static void check_same_authority(const struct authority *old, const struct authority *new)
{
	assert_int_equal(EVP_PKEY_eq(old->key, new->key), 1);
	assert_int_equal(X509_NAME_cmp(X509_get_subject_name(old->certificate),
				       X509_get_subject_name(new->certificate)),
			 0);
	assert_int_equal(ASN1_OCTET_STRING_cmp(X509_get0_subject_key_id(old->certificate),
					       X509_get0_subject_key_id(new->certificate)),
			 0);
}

static void test_certificate_is_made_again_from_the_key(void **state)
{
	static const char *const FAULTS[] = {NULL, "", "rubbish\n",
					     "-----BEGIN CERTIFICATE-----\nMIIB"};
	_cleanup_(authority_clear) struct authority old = AUTHORITY_INIT;

	(void)state;
	ensure(NOW, &old);
	for (size_t i = 0; i < ARRAY_SIZE(FAULTS); i++) {
		_cleanup_(authority_clear) struct authority new = AUTHORITY_INIT;

		if (FAULTS[i])
			write_text("ca.pem", FAULTS[i]);
		else
			assert_int_equal(file_remove_tree(path_of("ca.pem"), NULL), 0);
		assert_int_equal(ensure(NOW, &new), AUTHORITY_RENEWED);
		check_same_authority(&old, &new);
		assert_int_equal(mode_of("ca.pem"), 0644);
	}
}

static void test_certificate_near_its_end_is_made_again(void **state)
{
	_cleanup_(authority_clear) struct authority old = AUTHORITY_INIT, new = AUTHORITY_INIT;
	int64_t later = NOW + 9 * 365 * DAY;

	(void)state;
	ensure(NOW, &old);
	assert_int_equal(ensure(later, &new), AUTHORITY_RENEWED);
	check_same_authority(&old, &new);
	assert_true(certificate_not_after(new.certificate) > later + 9 * 365 * DAY);
}

static void test_foreign_certificate_is_not_believed(void **state)
{
	_cleanup_(authority_clear) struct authority old = AUTHORITY_INIT, other = AUTHORITY_INIT,
						    new = AUTHORITY_INIT;
	_cleanup_(key_chain_clear) struct key_chain file = KEY_CHAIN_INIT;

	(void)state;
	ensure(NOW, &other);
	file.chain = sk_X509_new_null();
	X509_add_cert(file.chain, other.certificate, X509_ADD_FLAG_UP_REF);
	assert_int_equal(file_remove_tree(path_of("ca.key"), NULL), 0);
	assert_int_equal(file_remove_tree(path_of("ca.pem"), NULL), 0);
	ensure(NOW, &old);
	assert_int_equal(key_chain_write(path_of("ca.pem"), 0644, NULL, file.chain, NULL), 0);
	assert_int_equal(ensure(NOW, &new), AUTHORITY_RENEWED);
	check_same_authority(&old, &new);
}

static void test_lost_key_is_a_new_authority(void **state)
{
	static const char *const FAULTS[] = {NULL, "", "-----BEGIN PRIVATE KEY-----\nMIGH"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(FAULTS); i++) {
		_cleanup_(authority_clear) struct authority old = AUTHORITY_INIT;
		_cleanup_(authority_clear) struct authority new = AUTHORITY_INIT;

		ensure(NOW, &old);
		if (FAULTS[i])
			write_text("ca.key", FAULTS[i]);
		else
			assert_int_equal(file_remove_tree(path_of("ca.key"), NULL), 0);
		assert_int_equal(ensure(NOW, &new), AUTHORITY_REPLACED);
		assert_int_not_equal(EVP_PKEY_eq(old.key, new.key), 1);
		assert_true(file_exists(path_of("ca.pem.replaced")));
		if (FAULTS[i])
			assert_true(file_exists(path_of("ca.key.damaged")));
	}
}

static void test_power_cut_between_key_and_certificate(void **state)
{
	_cleanup_(authority_clear) struct authority authority = AUTHORITY_INIT;
	_cleanup_(cleanup_pkey) EVP_PKEY *key = NULL;

	(void)state;
	assert_int_equal(certificate_make_key(CERTIFICATE_ECDSA, &key, NULL), 0);
	assert_int_equal(key_chain_write(path_of("ca.key"), 0600, key, NULL, NULL), 0);
	ensure(NOW, &authority);
	assert_int_equal(EVP_PKEY_eq(key, authority.key), 1);
}

static void test_wrong_clock_at_first_boot(void **state)
{
	_cleanup_(authority_clear) struct authority early = AUTHORITY_INIT, later = AUTHORITY_INIT;

	(void)state;
	assert_int_equal(ensure(1000, &early), AUTHORITY_MADE); /* no clock: 1970 */
	assert_int_equal(ensure(NOW, &later), AUTHORITY_KEPT);
	assert_int_equal(X509_cmp(early.certificate, later.certificate), 0);
}

static void test_missing_folder_is_an_error(void **state)
{
	_cleanup_(authority_clear) struct authority authority = AUTHORITY_INIT;
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	enum authority_change change;

	(void)state;
	assert_int_equal(
	    authority_ensure("/nonexistent/keys", &own_names, NOW, &authority, &change, &error),
	    -ENOENT);
	assert_null(authority.key);
}

static void test_serials_are_long_and_differ(void **state)
{
	_cleanup_(authority_clear) struct authority authority = AUTHORITY_INIT;
	X509 *made[8];
	int longest = 0;

	(void)state;
	ensure(NOW, &authority);
	for (size_t i = 0; i < ARRAY_SIZE(made); i++) {
		BIGNUM *serial;

		assert_int_equal(
		    certificate_issue(&authority, authority.key, names, 1, NOW, &made[i], NULL), 0);
		serial = ASN1_INTEGER_to_BN(X509_get0_serialNumber(made[i]), NULL);
		assert_false(BN_is_negative(serial));
		longest = BN_num_bits(serial) > longest ? BN_num_bits(serial) : longest;
		BN_free(serial);
		for (size_t j = 0; j < i; j++)
			assert_int_not_equal(ASN1_INTEGER_cmp(X509_get0_serialNumber(made[i]),
							      X509_get0_serialNumber(made[j])),
					     0);
	}
	assert_in_range(longest, 120, 128);
	for (size_t i = 0; i < ARRAY_SIZE(made); i++)
		X509_free(made[i]);
}

/* What a client that has imported the authority says of a certificate for this name. */
static int verify(const struct authority *anchor, const struct authority *signer, const char *name,
		  bool address)
{
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *context = X509_STORE_CTX_new();
	X509_VERIFY_PARAM *parameters;
	X509 *leaf;
	int result;

	assert_int_equal(certificate_issue(signer, signer->key, &name, 1, NOW, &leaf, NULL), 0);
	if (address) {
		int place = X509_get_ext_by_NID(leaf, NID_subject_alt_name, -1);
		char text[64];

		X509_EXTENSION_free(X509_delete_ext(leaf, place));
		snprintf(text, sizeof(text), "IP:%s", name);
		assert_true(certificate_put_extension(leaf, NULL, NID_subject_alt_name, text));
		assert_true(X509_sign(leaf, signer->key, EVP_sha256()) > 0);
	}
	X509_STORE_add_cert(store, anchor->certificate);
	assert_int_equal(X509_STORE_CTX_init(context, store, leaf, NULL), 1);
	parameters = X509_STORE_CTX_get0_param(context);
	X509_VERIFY_PARAM_set_time(parameters, NOW + DAY);
	X509_VERIFY_PARAM_set_purpose(parameters, X509_PURPOSE_SSL_SERVER);
	X509_verify_cert(context);
	result = X509_STORE_CTX_get_error(context);
	X509_STORE_CTX_free(context);
	X509_STORE_free(store);
	X509_free(leaf);
	return result;
}

/* Whoever took its key could be any bank to the clients that import it. */
static void test_it_signs_for_this_machine_alone(void **state)
{
	static const struct {
		const char *name;
		bool address;
		int wanted;
	} cases[] = {
	    {"mail.example.org", false, X509_V_OK},
	    {"imap.mail.example.org", false, X509_V_OK},
	    {"autoconfig.example.net", false, X509_V_OK},
	    {"example.org", false, X509_V_ERR_PERMITTED_VIOLATION},
	    {"notexample.net", false, X509_V_ERR_PERMITTED_VIOLATION},
	    {"bank.example", false, X509_V_ERR_PERMITTED_VIOLATION},
	    {"192.0.2.1", true, X509_V_ERR_EXCLUDED_VIOLATION},
	    {"2001:db8::1", true, X509_V_ERR_EXCLUDED_VIOLATION},
	};
	_cleanup_(authority_clear) struct authority authority = AUTHORITY_INIT;

	(void)state;
	ensure(NOW, &authority);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(verify(&authority, &authority, cases[i].name, cases[i].address),
				 cases[i].wanted);
	assert_int_equal(X509_get_extended_key_usage(authority.certificate), XKU_SSL_SERVER);
}

static void test_a_name_outside_is_a_wider_certificate(void **state)
{
	static const char *const more[] = {"imap.mail.example.org", "mail.example.com"};
	_cleanup_(authority_clear) struct authority first = AUTHORITY_INIT, inside = AUTHORITY_INIT,
						    wider = AUTHORITY_INIT, fewer = AUTHORITY_INIT;

	(void)state;
	ensure(NOW, &first);
	assert_int_equal(ensure_for(&(struct authority_names){more, 1, 0}, NOW, &inside),
			 AUTHORITY_KEPT);
	assert_int_equal(ensure_for(&(struct authority_names){more, 2, 0}, NOW, &wider),
			 AUTHORITY_WIDENED);
	assert_int_equal(EVP_PKEY_eq(first.key, wider.key), 1);
	assert_int_equal(verify(&wider, &wider, "mail.example.com", false), X509_V_OK);
	assert_int_equal(verify(&first, &wider, "mail.example.com", false),
			 X509_V_ERR_PERMITTED_VIOLATION);
	assert_int_equal(ensure_for(&(struct authority_names){more + 1, 1, 0}, NOW, &fewer),
			 AUTHORITY_KEPT);
}

/* One of before there were constraints is not kept; clients that trust it go on. */
static void test_an_authority_for_the_whole_world_is_made_again(void **state)
{
	_cleanup_(authority_clear) struct authority old = AUTHORITY_INIT, again = AUTHORITY_INIT;
	_cleanup_(key_chain_clear) struct key_chain file = {.chain = sk_X509_new_null()};
	X509 *ca;

	(void)state;
	ensure(NOW, &old);
	ca = old.certificate;
	X509_EXTENSION_free(X509_delete_ext(ca, X509_get_ext_by_NID(ca, NID_name_constraints, -1)));
	X509_EXTENSION_free(X509_delete_ext(ca, X509_get_ext_by_NID(ca, NID_ext_key_usage, -1)));
	assert_true(X509_sign(ca, old.key, EVP_sha256()) > 0);
	X509_add_cert(file.chain, ca, X509_ADD_FLAG_UP_REF);
	assert_int_equal(key_chain_write(path_of("ca.pem"), 0644, NULL, file.chain, NULL), 0);
	assert_int_equal(ensure(NOW, &again), AUTHORITY_RENEWED);
	assert_int_equal(EVP_PKEY_eq(old.key, again.key), 1);
	assert_int_equal(verify(&old, &again, names[0], false), X509_V_OK);
	assert_int_equal(verify(&again, &again, "bank.example", false),
			 X509_V_ERR_PERMITTED_VIOLATION);
}

int main(void)
{
#define folder_test(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
	const struct CMUnitTest tests[] = {
	    folder_test(test_first_boot),
	    folder_test(test_second_boot_changes_nothing),
	    folder_test(test_two_machines_share_nothing),
	    folder_test(test_certificate_is_made_again_from_the_key),
	    folder_test(test_certificate_near_its_end_is_made_again),
	    folder_test(test_foreign_certificate_is_not_believed),
	    folder_test(test_lost_key_is_a_new_authority),
	    folder_test(test_power_cut_between_key_and_certificate),
	    folder_test(test_wrong_clock_at_first_boot),
	    folder_test(test_missing_folder_is_an_error),
	    folder_test(test_serials_are_long_and_differ),
	    folder_test(test_it_signs_for_this_machine_alone),
	    folder_test(test_a_name_outside_is_a_wider_certificate),
	    folder_test(test_an_authority_for_the_whole_world_is_made_again),
	};

	return cmocka_run_group_tests_name("authority", tests, NULL, NULL);
}
