// SPDX-License-Identifier: GPL-3.0-or-later
/* Second factors: the codes of the RFCs, one that is confirmed and what it shuts, codes that are
 * good once, guesses that end, and what is nowhere to be read. */
#include "directory_made.h"

#include <errno.h>
#include <sys/stat.h>
#include <time.h>

#include "base/json_file.h"
#include "directory/seal.h"
#include "directory/secrets_factor.h"
#include "directory/totp.h"

#define ALICE "alice@example.org"
#define BOB   "bob@example.org"

#define SETTINGS                                                                                   \
	"domain example.org\nuser " ALICE "\nhash {CRYPT}$y$a\nuser " BOB "\nhash {CRYPT}$y$b\n"

static const unsigned char rfc_key[] = "12345678901234567890";

/* RFC 4226, appendix D, and RFC 6238, appendix B, of SHA-1. */
static void codes_are_those_of_the_standards(void **state _unused_)
{
	static const char *const hotp[] = {"755224", "287082", "359152", "969429", "338314",
					   "254676", "287922", "162583", "399871", "520489"};
	static const struct {
		int64_t time;
		const char *code;
	} totp[] = {{59, "94287082"},	      {1111111109, "07081804"}, {1111111111, "14050471"},
		    {1234567890, "89005924"}, {2000000000, "69279037"}, {20000000000, "65353130"}};
	char code[16], text[TOTP_TEXT];

	for (int i = 0; i < (int)ARRAY_SIZE(hotp); i++) {
		assert_int_equal(totp_code(rfc_key, TOTP_KEY, i, 6, code, NULL), 0);
		assert_string_equal(code, hotp[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(totp); i++) {
		assert_int_equal(
		    totp_code(rfc_key, TOTP_KEY, totp[i].time / TOTP_STEP_S, 8, code, NULL), 0);
		assert_string_equal(code, totp[i].code);
	}
	totp_print_key(rfc_key, text);
	assert_string_equal(text, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
}

static int64_t found(int64_t now, int64_t after, const char *code)
{
	int64_t step = -2;

	assert_int_equal(totp_find(rfc_key, now, after, code, &step, NULL), 0);
	return step;
}

/* Steps 0 to 4 are 755224, 287082, 359152, 969429, 338314. */
static void a_code_is_good_in_its_window(void **state _unused_)
{
	assert_int_equal(found(60, 0, "359152"), 2);
	assert_int_equal(found(89, 0, "287082"), 1);
	assert_int_equal(found(60, 0, "969429"), 3);
	assert_int_equal(found(60, 0, "338314"), -1);
	assert_int_equal(found(60, 0, "755224"), -1);
	assert_int_equal(found(60, 2, "359152"), -1);
	assert_int_equal(found(60, 2, "969429"), 3);
	assert_int_equal(found(60, 0, "35915"), -1);
	assert_int_equal(found(60, 0, "3591520"), -1);
	assert_int_equal(found(60, 0, ""), -1);
}

static void what_is_sealed_is_opened_by_its_key_alone(void **state)
{
	unsigned char opened[TOTP_KEY];
	_cleanup_free_ char *sealed = NULL, *again = NULL;
	struct stat status;

	assert_int_equal(chdir(*state), 0);
	assert_int_equal(seal("key", ALICE, rfc_key, TOTP_KEY, &sealed, NULL), 0);
	assert_int_equal(seal("key", ALICE, rfc_key, TOTP_KEY, &again, NULL), 0);
	assert_string_not_equal(sealed, again);
	assert_int_equal(stat("key", &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	assert_int_equal(seal_open("key", ALICE, sealed, opened, TOTP_KEY, NULL), 0);
	assert_memory_equal(opened, rfc_key, TOTP_KEY);
	assert_int_equal(seal_open("key", BOB, sealed, opened, TOTP_KEY, NULL), -EBADMSG);
	assert_int_equal(seal_open("gone", ALICE, sealed, opened, TOTP_KEY, NULL), -ENOENT);
	again[3] = again[3] == 'A' ? 'B' : 'A';
	assert_int_equal(seal_open("key", ALICE, again, opened, TOTP_KEY, NULL), -EBADMSG);
	assert_int_equal(seal_open("key", ALICE, "", opened, TOTP_KEY, NULL), -EBADMSG);
	directory_write("key", "short");
	assert_int_equal(seal_open("key", ALICE, sealed, opened, TOTP_KEY, NULL), -EBADMSG);
	free(again);
	assert_int_equal(seal("key", ALICE, rfc_key, TOTP_KEY, &again, NULL), -EBADMSG);
	again = NULL;
}

/* ---- The directory ---- */

static struct directory opened(void **state)
{
	struct directory directory = {.factor_key = "factor.key"};

	directory_begin(state, &directory, SETTINGS);
	return directory;
}

static json_t *ask(struct directory *directory, const char *verb, const char *address,
		   const char *code, bool without)
{
	_cleanup_json_ json_t *question =
	    json_pack("{s:s, s:s, s:s, s:s, s:b}", "do", verb, "who", "root", "address", address,
		      "code", code, "without_app", without);
	_cleanup_free_ char *text = json_dumps(question, 0),
			    *said = directory_answer(directory, slice_of(text));
	json_t *answer = json_loads(said, 0, NULL);

	assert_non_null(answer);
	return answer;
}

static void assert_error(struct directory *directory, const char *verb, const char *code,
			 bool without, const char *part)
{
	_cleanup_json_ json_t *answer = ask(directory, verb, ALICE, code, without);

	if (!strstr(json_text(answer, "error"), part))
		fail_msg("%s: \"%s\"", verb, json_text(answer, "error"));
}

static void assert_checked(struct directory *directory, const char *code, bool good, bool waits)
{
	_cleanup_json_ json_t *answer = ask(directory, "factor-check", ALICE, code, false);

	assert_string_equal(json_text(answer, "error"), "");
	assert_int_equal(json_is_true(json_object_get(answer, "good")), good);
	assert_int_equal(json_number(answer, "wait") > 0, waits);
}

/* The code of now and so many steps. */
static const char *code_of(const char *secret, int steps)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	static char code[TOTP_DIGITS + 1];
	unsigned char key[TOTP_KEY];
	uint32_t bits = 0;
	int count = 0, size = 0;

	for (const char *at = secret; *at; at++) {
		bits = bits << 5 | (uint32_t)(strchr(letters, *at) - letters);
		count += 5;
		if (count < 8)
			continue;
		count -= 8;
		key[size++] = (unsigned char)(bits >> count);
	}
	assert_int_equal(size, TOTP_KEY);
	assert_int_equal(
	    totp_code(key, TOTP_KEY, time(NULL) / TOTP_STEP_S + steps, TOTP_DIGITS, code, NULL), 0);
	return code;
}

static char *add(struct directory *directory)
{
	_cleanup_json_ json_t *answer = ask(directory, "factor-add", ALICE, "", false);

	assert_string_equal(json_text(answer, "error"), "");
	return strdup(json_text(answer, "secret"));
}

/* A code that is none of the window's. */
static const char *wrong_of(const char *secret)
{
	static char code[TOTP_DIGITS + 1];
	bool hit = true;

	for (unsigned i = 0; hit; i++) {
		snprintf(code, sizeof(code), "%06u", i);
		hit = false;
		for (int step = -2; step <= 2; step++)
			hit |= strcmp(code, code_of(secret, step)) == 0;
	}
	return code;
}

static size_t count(struct directory *directory, const char *sql)
{
	sqlite3_stmt *rows = NULL;
	size_t many = 0;

	assert_int_equal(sqlite3_prepare_v2(directory->secrets.cabinet.db, sql, -1, &rows, NULL),
			 SQLITE_OK);
	while (sqlite3_step(rows) == SQLITE_ROW)
		many++;
	sqlite3_finalize(rows);
	return many;
}

static void assert_let_in(struct directory *directory, bool main)
{
	assert_int_equal(
	    count(directory, "SELECT 1 FROM dovecot_login WHERE address = '" ALICE "'"), main);
	assert_int_equal(
	    count(directory, "SELECT 1 FROM dovecot_refused WHERE address = '" ALICE "'"), !main);
	assert_int_equal(count(directory, "SELECT 1 FROM dovecot_login WHERE address = '" BOB "'"),
			 1);
	assert_int_equal(
	    count(directory, "SELECT 1 FROM dovecot_known WHERE address = '" ALICE "'"), 1);
}

static void it_is_in_force_once_confirmed(void **state)
{
	struct directory directory = opened(state);
	_cleanup_free_ char *secret = NULL, *second = NULL;
	_cleanup_json_ json_t *answer = NULL, *shown = NULL, *user = NULL;

	assert_error(&directory, "factor-confirm", "123456", false, "add one first");
	assert_error(&directory, "factor-codes", "", false, "no second factor");
	assert_error(&directory, "factor-remove", "", false, "no second factor");
	secret = add(&directory);
	second = add(&directory); /* in place of one that is not confirmed */
	assert_string_not_equal(secret, second);
	assert_checked(&directory, code_of(second, 0), false, false);
	assert_let_in(&directory, true);
	assert_error(&directory, "factor-confirm", code_of(second, 0), false, "no app password");
	assert_error(&directory, "factor-confirm", wrong_of(second), true, "not right");
	assert_error(&directory, "factor-confirm", "", true, "not right");
	assert_let_in(&directory, true);
	answer = ask(&directory, "factor-confirm", ALICE, code_of(second, 0), true);
	assert_int_equal(json_array_size(json_object_get(answer, "codes")), FACTOR_CODES);
	assert_let_in(&directory, false);
	assert_error(&directory, "factor-add", "", false, "remove it first");
	assert_error(&directory, "factor-confirm", "123456", true, "already");
	shown = ask(&directory, "factor-show", ALICE, "", false);
	assert_int_equal(json_number(json_object_get(shown, "factor"), "codes"), FACTOR_CODES);
	assert_null(json_object_get(json_object_get(shown, "factor"), "secret"));
	user = ask(&directory, "user-show", ALICE, "", false);
	assert_true(json_is_true(json_object_get(json_object_get(user, "user"), "factor")));
	json_decref(ask(&directory, "factor-remove", ALICE, "", false));
	assert_let_in(&directory, true);
	assert_int_equal(count(&directory, "SELECT 1 FROM recovery"), 0);
	assert_int_equal(count(&directory, "SELECT 1 FROM audit WHERE verb LIKE 'factor-%'"), 4);
	directory_close(&directory);
}

static json_t *confirmed(struct directory *directory, char **ret_secret)
{
	*ret_secret = add(directory);
	/* The step before: that of now is still to be used. */
	return ask(directory, "factor-confirm", ALICE, code_of(*ret_secret, -1), true);
}

static void a_code_is_good_once(void **state)
{
	struct directory directory = opened(state);
	_cleanup_free_ char *secret = NULL;
	_cleanup_json_ json_t *answer = confirmed(&directory, &secret);
	char code[TOTP_DIGITS + 1], spaced[16];

	snprintf(code, sizeof(code), "%s", code_of(secret, 0));
	snprintf(spaced, sizeof(spaced), " %.3s %s", code, code + 3);
	assert_checked(&directory, spaced, true, false);
	assert_checked(&directory, code, false, false);
	assert_checked(&directory, code_of(secret, 1), true, false);
	assert_checked(&directory, code, false, false); /* an older one, too */
	directory_close(&directory);
}

static void guesses_end(void **state)
{
	struct directory directory = opened(state);
	_cleanup_free_ char *secret = NULL;
	_cleanup_json_ json_t *answer = confirmed(&directory, &secret), *factor = NULL;
	const char *recovery =
	    json_string_value(json_array_get(json_object_get(answer, "codes"), 0));
	int64_t step;

	for (int i = 1; i <= 5; i++)
		assert_checked(&directory, wrong_of(secret), false, i == 5);
	assert_checked(&directory, code_of(secret, 0), false, true); /* nothing is looked at */
	assert_int_equal(secrets_factor_find(&directory.secrets, ALICE, &factor, NULL), 0);
	step = json_number(factor, "step");
	assert_int_equal(json_number(factor, "wrong"), 5);
	/* The pause is over; the next wrong one has a longer one. */
	assert_int_equal(
	    secrets_factor_tried(&directory.secrets, ALICE, step, 5, time(NULL) - 1, NULL), 0);
	json_decref(ask(&directory, "factor-check", ALICE, wrong_of(secret), false));
	json_decref(factor);
	factor = NULL;
	assert_int_equal(secrets_factor_find(&directory.secrets, ALICE, &factor, NULL), 0);
	assert_in_range(json_number(factor, "until") - time(NULL), 110, 120);
	/* A recovery code is good meanwhile, and ends it. */
	assert_checked(&directory, recovery, true, false);
	assert_checked(&directory, code_of(secret, 0), true, false);
	/* As long as it may be, and no longer: the clock was set back by years. */
	assert_int_equal(secrets_factor_tried(&directory.secrets, ALICE, step, 1000, 0, NULL), 0);
	json_decref(ask(&directory, "factor-check", ALICE, "000", false));
	json_decref(factor);
	factor = NULL;
	assert_int_equal(secrets_factor_find(&directory.secrets, ALICE, &factor, NULL), 0);
	assert_in_range(json_number(factor, "until") - time(NULL), 86390, 86400);
	assert_int_equal(
	    secrets_factor_tried(&directory.secrets, ALICE, step, 5, time(NULL) + 99999999, NULL),
	    0);
	assert_checked(&directory, code_of(secret, 1), true, false);
	directory_close(&directory);
}

static void a_recovery_code_is_good_once(void **state)
{
	struct directory directory = opened(state);
	_cleanup_free_ char *secret = NULL;
	_cleanup_json_ json_t *answer = confirmed(&directory, &secret), *fresh = NULL;
	const json_t *codes = json_object_get(answer, "codes"), *one;
	_cleanup_json_ json_t *seen = json_object();
	char typed[32];
	size_t i;

	json_array_foreach(codes, i, one)
	{
		const char *code = json_string_value(one);

		assert_int_equal(strlen(code), 19);
		json_object_set_new(seen, code, json_true());
		for (size_t j = 0; j < sizeof(typed); j++)
			typed[j] = (char)(j <= 19 && code[j] >= 'a' && code[j] <= 'z'
					      ? code[j] - 'a' + 'A'
					      : (j <= 19 ? code[j] : '\0'));
		if (i % 2)
			assert_checked(&directory, typed, true, false); /* in capitals */
		else
			assert_checked(&directory, code, true, false);
		assert_checked(&directory, code, false, false);
	}
	assert_int_equal(json_object_size(seen), FACTOR_CODES);
	fresh = ask(&directory, "factor-codes", ALICE, "", false);
	codes = json_object_get(fresh, "codes");
	assert_int_equal(json_array_size(codes), FACTOR_CODES);
	json_decref(ask(&directory, "factor-codes", ALICE, "", false));
	assert_checked(&directory, json_string_value(json_array_get(codes, 0)), false, false);
	directory_close(&directory);
}

static void what_is_no_code_is_refused(void **state)
{
	static const char *const wrong[] = {"12345",
					    "1234567",
					    "12345a",
					    "\xc3\xa9\xc3\xa9\xc3\xa9",
					    "%s%s%s",
					    "' OR 1=1 --",
					    "aaaa-aaaa-aaaa-aaaa",
					    "",
					    "0aaa-aaaa-aaaa-aaaa"};
	struct directory directory = opened(state);
	_cleanup_free_ char *secret = NULL;
	_cleanup_json_ json_t *answer = confirmed(&directory, &secret), *factor = NULL;
	char large[80];

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		assert_int_equal(secrets_factor_tried(&directory.secrets, ALICE, 1, 0, 0, NULL), 0);
		assert_checked(&directory, wrong[i], false, false);
	}
	memset(large, '1', sizeof(large));
	large[sizeof(large) - 1] = '\0';
	assert_error(&directory, "factor-check", large, false, "shorter");
	assert_int_equal(secrets_factor_find(&directory.secrets, ALICE, &factor, NULL), 0);
	assert_int_equal(json_number(factor, "codes"), FACTOR_CODES);
	directory_close(&directory);
}

static void who_loses_the_key_has_recovery_codes(void **state)
{
	struct directory directory = opened(state);
	_cleanup_free_ char *secret = NULL;
	_cleanup_json_ json_t *answer = confirmed(&directory, &secret);

	assert_int_equal(unlink("factor.key"), 0);
	assert_error(&directory, "factor-check", code_of(secret, 0), false, "remove it");
	assert_let_in(&directory, false);
	assert_checked(&directory,
		       json_string_value(json_array_get(json_object_get(answer, "codes"), 0)), true,
		       false);
	directory_close(&directory);
}

static void whoever_comes_later_has_none(void **state)
{
	struct directory directory = opened(state);
	_cleanup_free_ char *secret = NULL, *text = NULL;
	_cleanup_json_ json_t *answer = confirmed(&directory, &secret);
	struct error error = ERROR_INIT;
	size_t size;

	/* Neither the key nor a code is in the file that Dovecot's account reads. */
	assert_int_equal(sqlite3_exec(directory.secrets.cabinet.db,
				      "PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL, NULL),
			 SQLITE_OK);
	assert_int_equal(file_read("secrets.db", 1 << 24, &text, &size, &error), 0);
	assert_null(memmem(text, size, secret, strlen(secret)));
	assert_int_equal(cabinet_begin(&directory.secrets.cabinet, &error), 0);
	assert_int_equal(secrets_forget(&directory.secrets, ALICE, &error), 0);
	assert_int_equal(cabinet_end(&directory.secrets.cabinet, 0, &error), 0);
	assert_int_equal(count(&directory, "SELECT 1 FROM factor"), 0);
	assert_int_equal(count(&directory, "SELECT 1 FROM recovery"), 0);
	directory_close(&directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(codes_are_those_of_the_standards),
	    cmocka_unit_test(a_code_is_good_in_its_window),
	    folder_test(what_is_sealed_is_opened_by_its_key_alone),
	    folder_test(it_is_in_force_once_confirmed),
	    folder_test(a_code_is_good_once),
	    folder_test(guesses_end),
	    folder_test(a_recovery_code_is_good_once),
	    folder_test(what_is_no_code_is_refused),
	    folder_test(who_loses_the_key_has_recovery_codes),
	    folder_test(whoever_comes_later_has_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
