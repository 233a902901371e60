// SPDX-License-Identifier: GPL-3.0-or-later
/* Tokens: which keys are taken of an issuer, how long they count, and which tokens they prove.  The
 * sets and tokens were made by python3-cryptography (tests/unit/tokens_made.h says how). */
#include "test.h"

#include "base/file.h"
#include "base/json_file.h"
#include "tests/unit/tokens_made.h"
#include "tokens/fetch.h"
#include "tokens/jwks.h"
#include "tokens/jwt.h"
#include "tokens/keyring.h"
#include "tokens/service.h"

enum { NOW = 1700000000 };

/* ---- Keys ---- */

static struct jwks keys(const char *text)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	struct jwks jwks;

	if (jwks_parse(text, strlen(text), &jwks, &error) < 0)
		fail_msg("%s: %s", text, error_text(&error));
	return jwks;
}

static void keys_are_for_what_they_can(void **state _unused_)
{
	_cleanup_(jwks_free) struct jwks jwks = keys(TOKENS_MADE_KEYS);

	assert_int_equal(jwks.count, 3);
	assert_int_equal(jwks.passed_over, 0);
	assert_string_equal(jwks.keys[0].name, "one");
	assert_int_equal(jwks.keys[0].algorithms, 0x3f);
	assert_int_equal(jwks.keys[1].algorithms, 1 << 6);
	assert_int_equal(jwks.keys[2].algorithms, 1 << 7);
	assert_non_null(strstr(jwks.keys[0].pem, "BEGIN PUBLIC KEY"));
}

/* The set with `to` in the place of `from`. */
static char *changed(const char *from, const char *to)
{
	struct buffer text = BUFFER_INIT;
	const char *at = strstr(TOKENS_MADE_KEYS, from);

	assert_non_null(at);
	buffer_add(&text, TOKENS_MADE_KEYS, (size_t)(at - TOKENS_MADE_KEYS));
	buffer_add_text(&text, to);
	buffer_add_text(&text, at + strlen(from));
	return buffer_take(&text);
}

static void what_cannot_be_used_is_passed_over(void **state _unused_)
{
	static const char *const changes[][2] = {
	    {"\"kty\": \"RSA\"", "\"kty\": \"oct\""},
	    {"\"kid\": \"one\"", "\"kid\": \"../one\""},
	    {"\"kid\": \"one\"", "\"kid\": \"o ne\""},
	    {"\"kid\": \"one\"", "\"kid\": \"\""},
	    {"\"kid\": \"one\"", "\"kid\": 1"},
	    {"\"use\": \"sig\"", "\"use\": \"enc\""},
	    {"\"use\": \"sig\"", "\"d\": \"AQAB\""},
	    {"\"use\": \"sig\"", "\"alg\": \"HS256\""},
	    {"\"use\": \"sig\"", "\"alg\": \"none\""},
	    {"\"use\": \"sig\"", "\"alg\": \"ES256\""},
	    {"\"e\": \"AQAB\"", "\"e\": \"AQAA\""},
	    {"\"n\": \"", "\"n\": \"!"},
	    {"\"n\": \"", "\"n\": \"AQAB\", \"other\": \""},
	    {"\"crv\": \"P-256\"", "\"crv\": \"secp256k1\""},
	    {"\"crv\": \"P-256\"", "\"crv\": \"P-384\""},
	    {"\"x\": \"", "\"x\": \"A"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		_cleanup_free_ char *text = changed(changes[i][0], changes[i][1]);
		_cleanup_(jwks_free) struct jwks jwks = keys(text);

		if (jwks.count != 2 || jwks.passed_over != 1)
			fail_msg("%s: %zu", changes[i][1], jwks.count);
	}
}

static void what_is_no_set_is_refused(void **state _unused_)
{
	static const char *const texts[] = {"",
					    "{}",
					    "[]",
					    "{\"keys\": {}}",
					    "{\"keys\": []}",
					    "{\"keys\": [1, null]}",
					    "{\"keys\": [], \"keys\": []}",
					    "{\"keys\": ["};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		_cleanup_(error_clear) struct error error = ERROR_INIT;
		_cleanup_(jwks_free) struct jwks jwks = {0};

		assert_true(jwks_parse(texts[i], strlen(texts[i]), &jwks, &error) < 0);
		assert_non_null(error.text);
	}
}

static void one_name_is_one_key(void **state _unused_)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_(jwks_free) struct jwks jwks = {0};
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;
	const char *first = strchr(TOKENS_MADE_KEYS, '[') + 1, *end = strchr(first, '}') + 1;

	buffer_addf(&text, "{\"keys\": [%.*s, %s", (int)(end - first), first, first);
	assert_true(jwks_parse(buffer_text(&text), text.size, &jwks, &error) < 0);
	assert_non_null(strstr(error_text(&error), "two keys are called one"));
}

static int find(const char *text, char url[JWKS_URL + 1])
{
	return jwks_find(text, strlen(text), "https://id.example.org", url, NULL);
}

static void a_configuration_is_the_issuers(void **state _unused_)
{
	char url[JWKS_URL + 1];

	assert_int_equal(find("{\"issuer\": \"https://id.example.org\", \"jwks_uri\": "
			      "\"https://keys.example.org/k\"}",
			      url),
			 0);
	assert_string_equal(url, "https://keys.example.org/k");
	assert_true(find("{\"issuer\": \"https://id.example.org/\", \"jwks_uri\": "
			 "\"https://keys.example.org/k\"}",
			 url) < 0);
	assert_true(find("{\"issuer\": \"https://id.example.org\", \"jwks_uri\": "
			 "\"http://keys.example.org/k\"}",
			 url) < 0);
	assert_true(find("{\"issuer\": \"https://id.example.org\", \"jwks_uri\": "
			 "\"file:///etc/passwd\"}",
			 url) < 0);
	assert_true(find("{\"jwks_uri\": \"https://keys.example.org/k\"}", url) < 0);
}

/* ---- How long they count ---- */

#define ONE_GONE "\"kid\": \"one\"", "\"kid\": \"new\""

static unsigned take(struct keyring *ring, const char *text, int64_t now)
{
	struct jwks jwks = keys(text);

	return keyring_take(ring, &jwks, now, KEYRING_GRACE);
}

static void a_key_goes_after_a_while(void **state _unused_)
{
	_cleanup_(keyring_free) struct keyring ring = {0};
	_cleanup_free_ char *others = changed(ONE_GONE);

	assert_int_equal(take(&ring, TOKENS_MADE_KEYS, NOW), KEYRING_CHANGED);
	assert_int_equal(take(&ring, TOKENS_MADE_KEYS, NOW + 60), 0);
	assert_int_equal(take(&ring, others, NOW + 120), KEYRING_CHANGED);
	assert_int_equal(ring.count, 4);
	assert_int_equal(take(&ring, others, NOW + 120 + KEYRING_GRACE - 1), 0);
	assert_int_equal(take(&ring, others, NOW + 120 + KEYRING_GRACE),
			 KEYRING_CHANGED | KEYRING_DROPPED);
	assert_int_equal(ring.count, 3);
}

static void a_key_that_comes_back_stays(void **state _unused_)
{
	_cleanup_(keyring_free) struct keyring ring = {0};
	_cleanup_free_ char *others = changed(ONE_GONE);

	take(&ring, TOKENS_MADE_KEYS, NOW);
	take(&ring, others, NOW + 60);
	take(&ring, TOKENS_MADE_KEYS, NOW + 120);
	take(&ring, TOKENS_MADE_KEYS, NOW + 60 + KEYRING_GRACE);
	assert_int_equal(ring.keys[0].gone, 0);
	assert_string_equal(ring.keys[0].key.name, "one");
	assert_int_equal(take(&ring, others, NOW - 1000), KEYRING_CHANGED); /* a clock set back */
	assert_int_equal(ring.keys[0].gone, NOW - 1000);
}

static void it_is_kept_for_its_issuer(void **state _unused_)
{
	_cleanup_(keyring_free) struct keyring ring = {0}, again = {0};
	_cleanup_json_ json_t *kept = NULL;

	take(&ring, TOKENS_MADE_KEYS, NOW);
	kept = keyring_write(&ring, "https://id.example.org");
	assert_false(keyring_read(&again, kept, "https://id.example.net"));
	assert_int_equal(again.count, 0);
	assert_true(keyring_read(&again, kept, "https://id.example.org"));
	assert_int_equal(again.count, 3);
	assert_int_equal(again.fetched, NOW);
	keyring_free(&again);
	json_object_set_new(json_array_get(json_object_get(kept, "keys"), 1), "name",
			    json_string("../x"));
	assert_false(keyring_read(&again, kept, "https://id.example.org"));
	assert_int_equal(again.count, 0);
}

static void an_answer_holds(void **state _unused_)
{
	assert_int_equal(fetch_max_age("public, max-age=19876, must-revalidate"), 19876);
	assert_int_equal(fetch_max_age("Max-Age=60"), 60);
	assert_int_equal(fetch_max_age("no-cache, max-age=60"), 0);
	assert_int_equal(fetch_max_age("max-age=60, no-store"), 0);
	assert_int_equal(fetch_max_age("max-age=abc"), 0);
	assert_int_equal(fetch_max_age("max-age=-1"), 0);
	assert_int_equal(fetch_max_age(""), 0);
}

/* ---- What the settings say ---- */

static void the_settings_are_read(void **state _unused_)
{
	char folder[] = "/tmp/postcask-tokens-XXXXXX";
	_cleanup_free_ char *path = NULL, *given = NULL;
	_cleanup_(issuer_free) struct issuer read = {0};
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	static const char text[] = "# words\nissuer https://id.example.org/\naudience mail\n"
				   "client a\nclient b\nclaim upn\n";
	static const char *const wrong[] = {"issuer https://id.example.org\nclaim email\n",
					    "issuer\n", "audience mail\nclaim email\n",
					    "verified yes\n"};

	assert_non_null(mkdtemp(folder));
	path = file_join(folder, "tokens");
	given = file_join(folder, "tokens.keys");
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		assert_int_equal(file_replace(path, wrong[i], strlen(wrong[i]), 0600, -1, -1, NULL),
				 0);
		assert_true(issuer_load(path, &read, &error) < 0);
		issuer_free(&read);
	}
	assert_int_equal(file_replace(path, text, strlen(text), 0600, -1, -1, NULL), 0);
	assert_int_equal(file_replace(given, "{}", 2, 0600, -1, -1, NULL), 0);
	assert_int_equal(issuer_load(path, &read, NULL), 0);
	assert_string_equal(read.url, "https://id.example.org/");
	assert_string_equal(read.clients[1], "b");
	assert_int_equal(read.client_count, 2);
	assert_false(read.unverified); /* nobody has to say that it is to be proved */
	assert_null(read.scope);
	assert_string_equal(read.given, "{}");
	assert_string_equal(read.authorities, "/etc/ssl/certs/ca-certificates.crt");
	assert_true(tokens_check(path, &error) < 0);
	assert_int_equal(
	    file_replace(given, TOKENS_MADE_KEYS, strlen(TOKENS_MADE_KEYS), 0600, -1, -1, NULL), 0);
	assert_int_equal(tokens_check(path, NULL), 0);
	assert_int_equal(file_remove_tree(folder, NULL), 0);
}

static void a_configuration_has_one_slash(void **state _unused_)
{
	static const char *const urls[] = {"https://id.example.org/a", "https://id.example.org/a/"};

	for (size_t i = 0; i < ARRAY_SIZE(urls); i++) {
		_cleanup_free_ char *url = issuer_configuration_url(urls[i]);

		assert_string_equal(url,
				    "https://id.example.org/a/.well-known/openid-configuration");
	}
}

/* ---- Tokens ---- */

static const struct issuer issuer = {.url = "https://id.example.org",
				     .audience = "mail",
				     .claim = "email",
				     .clients = {"roundcube"},
				     .client_count = 1};

static enum jwt_outcome judge(const char *token, const char **ret_why)
{
	static struct keyring ring;
	char address[JWT_ADDRESS + 1];
	enum jwt_outcome outcome;

	take(&ring, TOKENS_MADE_KEYS, NOW);
	outcome = jwt_judge(slice_of(token), &issuer, &ring, NOW, address, ret_why);
	keyring_free(&ring);
	if (outcome == JWT_GOOD)
		assert_string_equal(address, "alice@example.org");
	return outcome;
}

static void tokens_are_judged(void **state _unused_)
{
	for (size_t i = 0; i < ARRAY_SIZE(tokens_made); i++) {
		const char *why = "";
		enum jwt_outcome outcome = judge(tokens_made[i].token, &why);

		if (outcome != tokens_made[i].outcome ||
		    !strstr(why ? why : "", tokens_made[i].why))
			fail_msg("%s: %d, %s", tokens_made[i].what, outcome, why);
	}
}

/* Whatever byte of a good one is another, it is none. */
static void a_changed_token_is_bad(void **state _unused_)
{
	_cleanup_free_ char *token = strdup(tokens_made[1].token);
	const char *why;

	for (size_t i = 0; i + 2 < strlen(token); i++) {
		char was = token[i];

		token[i] = was == 'A' ? 'B' : 'A';
		assert_int_not_equal(judge(token, &why), JWT_GOOD);
		token[i] = was;
	}
	assert_int_equal(judge(token, &why), JWT_GOOD);
}

static void no_length_is_too_long(void **state _unused_)
{
	static char token[3 * JWT_SIZE];
	const char *why;

	memset(token, 'A', sizeof(token) - 1);
	assert_int_equal(judge(token, &why), JWT_BAD);
	token[100] = token[200] = '.';
	assert_int_equal(judge(token, &why), JWT_BAD);
	token[JWT_SIZE] = '\0';
	assert_int_equal(judge(token, &why), JWT_BAD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(keys_are_for_what_they_can),
	    cmocka_unit_test(what_cannot_be_used_is_passed_over),
	    cmocka_unit_test(what_is_no_set_is_refused),
	    cmocka_unit_test(one_name_is_one_key),
	    cmocka_unit_test(a_configuration_is_the_issuers),
	    cmocka_unit_test(a_key_goes_after_a_while),
	    cmocka_unit_test(a_key_that_comes_back_stays),
	    cmocka_unit_test(it_is_kept_for_its_issuer),
	    cmocka_unit_test(an_answer_holds),
	    cmocka_unit_test(the_settings_are_read),
	    cmocka_unit_test(a_configuration_has_one_slash),
	    cmocka_unit_test(tokens_are_judged),
	    cmocka_unit_test(a_changed_token_is_bad),
	    cmocka_unit_test(no_length_is_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
