// SPDX-License-Identifier: GPL-3.0-or-later
/* What the tests of certificates share: a keys folder of their own, and requests
 * for it at a fixed time. */
#ifndef POSTCASK_TEST_CERTIFICATE_FIXTURE_H
#define POSTCASK_TEST_CERTIFICATE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/x509v3.h>

#include "base/file.h"
#include "base/process.h"
#include "certificate/certificate.h"
#include "certificate/certificate_facts.h"
#include "certificate/certificate_issue.h"
#include "certificate/certificate_pem.h"

#define NOW INT64_C(1800000000) /* 2027-01-15 */
#define DAY INT64_C(86400)

static char folder[64];
static const char *const NAMES[] = {"mail.example.org", "autoconfig.example.org"};

static _unused_ int setup_empty(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/test-certificate-XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

/* A folder with an RSA key in its place, without a certificate: one key is enough for
 * all tests, and making one takes a second. */
static _unused_ int setup(void **state)
{
	static EVP_PKEY *key;
	char path[128];

	if (setup_empty(state) < 0 ||
	    (!key && certificate_make_key(CERTIFICATE_RSA, &key, NULL) < 0))
		return -1;
	snprintf(path, sizeof(path), "%s/server-rsa.pem", folder);
	return key_chain_write(path, 0600, key, NULL, NULL);
}

static _unused_ int teardown(void **state)
{
	(void)state;
	return file_remove_tree(folder, NULL);
}

static const char *path_of(const char *name)
{
	static char path[8][160];
	static unsigned turn;

	turn = (turn + 1) % 8;
	snprintf(path[turn], sizeof(path[turn]), "%s/%s", folder, name);
	return path[turn];
}

static _unused_ struct certificate_request request_at(int64_t now)
{
	return (struct certificate_request){
	    .folder = folder, .names = NAMES, .name_count = ARRAY_SIZE(NAMES), .now = now};
}

/* Ensures, which must succeed; the note (if any) is thrown away. */
static _unused_ struct certificate_outcome ensure(const struct certificate_request *request)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	struct certificate_outcome outcome = CERTIFICATE_OUTCOME_INIT;

	if (certificate_ensure(request, &outcome, &error) < 0)
		fail_msg("%s", error_text(&error));
	assert_int_equal(error.code, 0);
	free(TAKE_POINTER(outcome.note));
	return outcome;
}

static _unused_ void read_pair(enum certificate_kind kind, struct key_chain *pair)
{
	assert_int_equal(key_chain_read(path_of(certificate_file_name(kind)), pair, NULL), 0);
	assert_non_null(pair->key);
	assert_non_null(pair->chain);
}

static _unused_ X509 *leaf_of(const struct key_chain *pair)
{
	return sk_X509_value(pair->chain, 0);
}

/* Runs a command to its end; its output is compared by the caller. */
static _unused_ int run(const char *const *argv, struct buffer *output)
{
	struct process process = {.argv = argv, .timeout_ms = 60000};

	return process_run(&process, output, NULL);
}

static _unused_ void expect_run(const char *const *argv, const char *expected)
{
	_cleanup_(buffer_free) struct buffer output = BUFFER_INIT;
	int status = run(argv, &output);

	if (status != 0 || !strstr(buffer_text(&output), expected))
		fail_msg("%s: status %d, wanted \"%s\": %s", argv[1], status, expected,
			 buffer_text(&output));
}

#endif
