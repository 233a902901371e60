// SPDX-License-Identifier: GPL-3.0-or-later
/* key/key.c: kinds of keys, in place of the project's own. */
#include "test.h"

#include <errno.h>

#include "key/key.h"

struct key_job {
	const char *state; /* NULL: it fails */
	bool changed;
};

static struct key_job jobs[3];
static size_t begun, ended;
static int begins_with; /* what the third kind's beginning returns */

static int begin_key(size_t number, void **ret_job)
{
	*ret_job = &jobs[number];
	begun++;
	return 0;
}

static int begin_first(const json_t *settings _unused_, const char *folder _unused_, void **ret_job,
		       struct error *error _unused_)
{
	return begin_key(0, ret_job);
}

static int begin_second(const json_t *settings _unused_, const char *folder _unused_,
			void **ret_job, struct error *error _unused_)
{
	return begin_key(1, ret_job);
}

static int begin_third(const json_t *settings _unused_, const char *folder _unused_, void **ret_job,
		       struct error *error)
{
	return begins_with ? error_set(error, begins_with, "cannot begin") : begin_key(2, ret_job);
}

static int finish_key(void *context, int timeout_ms, struct key_result *ret, struct error *error)
{
	struct key_job *job = context;

	ended++;
	if (!job->state)
		return error_set(error, EIO, "no key after %d ms", timeout_ms);
	*ret = (struct key_result){job->changed, job->state, strdup("a note")};
	return 0;
}

static const struct key_kind first = {"certificates", begin_first, finish_key};
static const struct key_kind second = {"dkim", begin_second, finish_key};
static const struct key_kind third = {"backup", begin_third, finish_key};
const struct key_kind *const key_kinds[] = {&first, &second, &third};
KEY_KINDS_FIT(key_kinds);
const size_t key_kind_count = ARRAY_SIZE(key_kinds);

static void count_done(void *context, size_t number, const struct key_result *result)
{
	uint32_t *done = context;

	*done |= KEY_BIT(number);
	assert_string_equal(result->note, "a note");
}

static void every_kind_of_keys_is_made(void **state _unused_)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	struct key_run run;
	uint32_t done = 0;

	begun = ended = 0;
	jobs[0] = jobs[1] = jobs[2] = (struct key_job){"made", true};
	assert_int_equal(keys_begin(NULL, "x", 7, &run, &error), 0);
	assert_int_equal(begun, 3);
	assert_int_equal(ended, 0);
	assert_int_equal(keys_finish(&run, 7, count_done, &done, &error), 0);
	assert_int_equal(done, 7);
	/* one fails: the others are awaited all the same */
	jobs[1].state = NULL;
	done = 0;
	assert_int_equal(keys_begin(NULL, "x", 7, &run, &error), 0);
	assert_int_equal(keys_finish(&run, 7, count_done, &done, &error), -EIO);
	assert_int_equal(done, 5);
	assert_int_equal(ended, 6);
	assert_string_equal(error_text(&error), "dkim: no key after 7 ms");
}

static void a_kind_that_does_not_begin_ends_the_others(void **state _unused_)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	struct key_run run;

	begun = ended = 0;
	begins_with = ENOSPC;
	assert_int_equal(keys_begin(NULL, "x", 7, &run, &error), -ENOSPC);
	assert_int_equal(begun, 2);
	assert_int_equal(ended, 2);
	assert_string_equal(error_text(&error), "backup: cannot begin");
	begins_with = 0;
}

static void sets_of_keys_are_kept_by_name(void **state _unused_)
{
	json_t *names = key_set_to_json(KEY_BIT(0) | KEY_BIT(2));
	json_t *others = json_pack("[s, i, s]", "of a later version", 2, "dkim");

	assert_int_equal(json_array_size(names), 2);
	assert_int_equal(key_set_from_json(names), KEY_BIT(0) | KEY_BIT(2));
	assert_int_equal(key_set_from_json(others), KEY_BIT(1));
	assert_int_equal(key_set_from_json(NULL), 0);
	json_decref(names);
	json_decref(others);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_kind_of_keys_is_made),
	    cmocka_unit_test(a_kind_that_does_not_begin_ends_the_others),
	    cmocka_unit_test(sets_of_keys_are_kept_by_name),
	};

	return cmocka_run_group_tests_name("keys", tests, NULL, NULL);
}
