// SPDX-License-Identifier: GPL-3.0-or-later
/* tls.certificate and tls.key in the settings: what the machine would take is
 * accepted, what it would not has its place and no word of the key. */
#include "test.h"

#include <errno.h>

#include "base/buffer.h"
#include "certificate/certificate.h"
#include "settings/settings.h"

#define HASH "$y$j9T$abcdefghijklmnopqrstu.$1Fiqw3BWqEcVl3Jf3Qp9Zq4uuhYbaX/dcHzPMyHRZR/"

static char *key_pem, *other_key_pem, *chain_pem;
static bool has_web, is_public; /* in the settings that were checked last */

/* A key and its chain, of an authority of its own. */
static void make_pair(const char *folder, char **ret_key, char **ret_chain)
{
	static const char *const names[] = {"mail.example.org"};
	struct certificate_request request = {.folder = folder, .names = names, .name_count = 1};
	struct certificate_outcome outcome = CERTIFICATE_OUTCOME_INIT;
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_free_ char *path = file_join(folder, "server-ecdsa.pem"), *text = NULL;
	char *chain;

	if (certificate_ensure(&request, &outcome, &error) < 0 ||
	    file_read(path, 1 << 16, &text, NULL, &error) < 0)
		fail_msg("%s", error_text(&error));
	free(outcome.note);
	chain = strstr(text, "-----BEGIN CERTIFICATE-----");
	assert_non_null(chain);
	*ret_chain = strdup(chain);
	*ret_key = strndup(text, (size_t)(chain - text));
}

static int make_pairs(void **state)
{
	_cleanup_free_ char *other_chain = NULL;

	if (test_folder_make(state) < 0)
		return -1;
	make_pair(*state, &other_key_pem, &other_chain);
	assert_int_equal(file_remove_tree(*state, NULL), 0);
	make_pair(*state, &key_pem, &chain_pem);
	return 0;
}

static int free_pairs(void **state)
{
	free(key_pem);
	free(other_key_pem);
	free(chain_pem);
	return test_folder_remove(state);
}

static void add_block(struct buffer *text, const char *key, const char *pem)
{
	buffer_addf(text, "    %s: |\n", key);
	while (*pem) {
		size_t size = strcspn(pem, "\n");

		buffer_addf(text, "      %.*s\n", (int)size, pem);
		pem += size + (pem[size] == '\n');
	}
}

/* The first line said of a file with this fqdn, certificate and key; NULL: none. */
static int check(const char *fqdn, const char *certificate, const char *key, const char *more,
		 char **ret_line)
{
	_cleanup_(diagnostics_free) struct diagnostics diagnostics = DIAGNOSTICS_INIT;
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;
	json_t *settings = NULL;
	int r;

	buffer_addf(&text,
		    "#cloud-config\nfqdn: %s\nmail:\n  domains: [example.org]\n  users:\n"
		    "    - {address: alice@example.org, password_hash: \"" HASH "\"}\n  tls:\n",
		    fqdn);
	if (certificate)
		add_block(&text, "certificate", certificate);
	if (key)
		add_block(&text, "key", key);
	buffer_add_text(&text, more);
	r = settings_load_text("t", buffer_text(&text), text.size, &diagnostics, &settings);
	has_web = json_is_true(json_object_get(json_object_get(settings, "services"), "web"));
	is_public = json_is_true(json_object_get(json_object_get(settings, "tls"), "public"));
	json_decref(settings);
	*ret_line = diagnostics.count ? diagnostic_line(&diagnostics.items[0]) : NULL;
	for (size_t i = 0; i < diagnostics.count; i++)
		assert_null(strstr(diagnostics.items[i].text, "PRIVATE KEY-----\n"));
	return r;
}

static void a_pair_is_accepted(void **state _unused_)
{
	_cleanup_free_ char *line = NULL;

	if (check("mail.example.org", chain_pem, key_pem, "", &line) < 0 || line)
		fail_msg("%s", line);
}

/* A page at which every browser shouts is there when somebody asks for it. */
static void the_web_is_on_with_a_given_certificate(void **state _unused_)
{
	static const struct {
		bool given;
		const char *more;
		bool web;
	} cases[] = {
	    {true, "", true},
	    {true, "  services: {pop3: false}\n", true},
	    {true, "  services: {web: false}\n", false},
	    {false, "    names: []\n", false},
	    {false, "    names: []\n  services: {web: true}\n", true},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *line = NULL;

		if (check("mail.example.org", cases[i].given ? chain_pem : NULL,
			  cases[i].given ? key_pem : NULL, cases[i].more, &line) < 0)
			fail_msg("%zu: %s", i, line);
		assert_int_equal(has_web, cases[i].web);
		assert_int_equal(is_public, cases[i].given);
	}
}

static void assert_refused(const char *fqdn, const char *certificate, const char *key,
			   const char *part)
{
	_cleanup_free_ char *line = NULL;

	assert_int_equal(check(fqdn, certificate, key, "", &line), -EINVAL);
	if (!strstr(line, part))
		fail_msg("%s\nhas no %s", line, part);
}

static void what_does_not_fit_is_refused(void **state _unused_)
{
	assert_refused("mail.example.org", chain_pem, other_key_pem, "t:8:18: ");
	assert_refused("mx.example.org", chain_pem, key_pem, "t:8:18: ");
	assert_refused("mail.example.org", chain_pem, NULL,
		       "t:8:18: tls.certificate without tls.key; write both, or neither");
	assert_refused("mail.example.org", NULL, key_pem,
		       "t:8:10: tls.key without tls.certificate; write both, or neither");
	assert_refused("mail.example.org", key_pem, key_pem,
		       "t:8:18: a private key among the certificates; write it as tls.key");
	assert_refused("mail.example.org", chain_pem, chain_pem, "no private key in PEM");
}

static void half_a_file_is_refused(void **state _unused_)
{
	_cleanup_free_ char *half_chain = strndup(chain_pem, strlen(chain_pem) - 100);
	_cleanup_free_ char *half_key = strndup(key_pem, strlen(key_pem) / 2);

	assert_refused("mail.example.org", half_chain, key_pem, "t:8:18: ");
	assert_refused("mail.example.org", chain_pem, half_key, "no private key in PEM");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_pair_is_accepted),
	    cmocka_unit_test(the_web_is_on_with_a_given_certificate),
	    cmocka_unit_test(what_does_not_fit_is_refused),
	    cmocka_unit_test(half_a_file_is_refused),
	};

	return cmocka_run_group_tests(tests, make_pairs, free_pairs);
}
