// SPDX-License-Identifier: GPL-3.0-or-later
/* The memory of what the DNS says, with a resolver that the test plays and a clock of its own. */
#include "test.h"

#include "base/cleanup.h"
#include "net/dns_message.h"
#include "policy/answers.h"
#include "policy/datagram.h"

enum { QUESTIONS = 600 };

static unsigned char questions[QUESTIONS][DNS_MESSAGE_QUESTION];
static size_t sizes[QUESTIONS], count;
static int64_t now;

static void keep(void *context _unused_, const unsigned char *bytes, size_t size)
{
	assert_true(count < QUESTIONS && size <= DNS_MESSAGE_QUESTION);
	memcpy(questions[count], bytes, size);
	sizes[count++] = size;
}

static int begin(void **state)
{
	const struct answers_owner owner = {keep, NULL};

	count = 0;
	now = 1000;
	*state = answers_new(&owner, now);
	return *state ? 0 : -1;
}

static int end(void **state)
{
	struct answers *answers = *state;

	answers_free(&answers);
	return 0;
}

static void pass(struct answers *answers, int64_t ms)
{
	now += ms;
	answers_tick(answers, now);
}

/* An answer to a question that was sent: code, TTL, and texts, each a TXT record. */
static size_t make_answer(size_t number, int code, uint32_t ttl, const char *const *texts,
			  unsigned char *bytes)
{
	size_t size = sizes[number] - 11, answers = 0; /* without EDNS */

	memcpy(bytes, questions[number], size);
	bytes[2] |= 0x80;
	bytes[3] = (unsigned char)code;
	bytes[11] = 0;
	for (; texts && *texts; texts++, answers++) {
		size_t length = strlen(*texts), pieces = length / 255 + 1;

		memcpy(bytes + size, "\xc0\x0c\0\x10\0\x01", 6);
		ns_put32(ttl, bytes + size + 6);
		ns_put16((unsigned)(length + pieces), bytes + size + 10);
		size += 12;
		for (size_t at = 0; at <= length; at += 255) {
			size_t piece = length - at < 255 ? length - at : 255;

			bytes[size++] = (unsigned char)piece;
			memcpy(bytes + size, *texts + at, piece);
			size += piece;
		}
	}
	bytes[7] = (unsigned char)answers;
	return size;
}

static void reply(struct answers *answers, size_t number, int code, uint32_t ttl,
		  const char *const *texts)
{
	unsigned char bytes[4096];

	answers_receive(answers, bytes, make_answer(number, code, ttl, texts, bytes));
}

#define TEXTS(...) ((const char *const[]){__VA_ARGS__, NULL})

static enum dmarc_look look(struct answers *answers, const char *name)
{
	struct dmarc_record record;

	return answers_record(answers, name, &record);
}

static void a_record_is_asked_for_once(void **state)
{
	struct dmarc_record record;

	assert_int_equal(look(*state, "example.org"), DMARC_LOOK_WAIT);
	assert_int_equal(look(*state, "example.org"), DMARC_LOOK_WAIT);
	assert_int_equal(count, 1);
	reply(*state, 0, ns_r_noerror, 300, TEXTS("v=DMARC1; p=reject"));
	assert_int_equal(answers_record(*state, "example.org", &record), DMARC_LOOK_FOUND);
	assert_int_equal(record.domain, DMARC_REJECT);
	pass(*state, 299 * 1000);
	assert_int_equal(look(*state, "example.org"), DMARC_LOOK_FOUND);
	assert_int_equal(count, 1);
	pass(*state, 2 * 1000);
	assert_int_equal(look(*state, "example.org"), DMARC_LOOK_WAIT);
	assert_int_equal(count, 2);
}

static void what_an_answer_means(void **state)
{
	static char long_record[700];
	static const struct {
		const char *name;
		int code;
		const char *texts[3];
		enum dmarc_look look;
	} answers[] = {
	    {"a.example", ns_r_noerror, {0}, DMARC_LOOK_NOTHING},
	    {"b.example", ns_r_nxdomain, {0}, DMARC_LOOK_NOTHING},
	    {"c.example", ns_r_servfail, {0}, DMARC_LOOK_ERROR},
	    {"d.example", ns_r_refused, {0}, DMARC_LOOK_ERROR},
	    {"e.example", ns_r_noerror, {"v=spf1 -all"}, DMARC_LOOK_NOTHING},
	    {"f.example", ns_r_noerror, {"v=DMARC1", "v=DMARC1"}, DMARC_LOOK_NOTHING},
	    {"g.example", ns_r_noerror, {"other", "v=DMARC1; p=none"}, DMARC_LOOK_FOUND},
	    {"h.example", ns_r_noerror, {long_record}, DMARC_LOOK_FOUND},
	};

	memset(long_record, 'x', sizeof(long_record) - 1);
	memcpy(long_record, "v=DMARC1; p=reject; x=", 22);
	for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
		assert_int_equal(look(*state, answers[i].name), DMARC_LOOK_WAIT);
		reply(*state, count - 1, answers[i].code, 60, answers[i].texts);
		assert_int_equal(look(*state, answers[i].name), answers[i].look);
	}
}

static void whether_a_name_exists(void **state)
{
	assert_int_equal(answers_exists(*state, "a.example"), DMARC_LOOK_WAIT);
	reply(*state, 0, ns_r_nxdomain, 0, NULL);
	assert_int_equal(answers_exists(*state, "a.example"), DMARC_LOOK_NOTHING);
	assert_int_equal(answers_exists(*state, "b.example"), DMARC_LOOK_WAIT);
	reply(*state, 1, ns_r_noerror, 0, NULL);
	assert_int_equal(answers_exists(*state, "b.example"), DMARC_LOOK_FOUND);
}

static void who_sends_no_mail(void **state)
{
	static const struct {
		const char *texts[3];
		enum dmarc_look look;
	} answers[] = {
	    {{"v=spf1 -all"}, DMARC_LOOK_FOUND},
	    {{"v=spf1 -all "}, DMARC_LOOK_FOUND},
	    {{"V=SPF1 -ALL"}, DMARC_LOOK_NOTHING},
	    {{"v=spf1 mx -all"}, DMARC_LOOK_NOTHING},
	    {{"v=spf1 ~all"}, DMARC_LOOK_NOTHING},
	    {{"v=spf1 redirect=x.example"}, DMARC_LOOK_NOTHING},
	    {{"v=spf10 -all"}, DMARC_LOOK_NOTHING},
	    {{"v=spf1 -all", "v=spf1 mx"}, DMARC_LOOK_NOTHING},
	    {{"v=spf1 -all", "something else"}, DMARC_LOOK_FOUND},
	};

	for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
		char name[32];

		snprintf(name, sizeof(name), "n%zu.example", i);
		assert_int_equal(answers_sends_none(*state, name), DMARC_LOOK_WAIT);
		reply(*state, count - 1, ns_r_noerror, 60, answers[i].texts);
		assert_int_equal(answers_sends_none(*state, name), answers[i].look);
	}
}

/* Nobody else's datagram, and none to another question. */
static void strange_answers_are_passed_over(void **state)
{
	unsigned char bytes[4096];
	size_t size;

	assert_int_equal(look(*state, "example.org"), DMARC_LOOK_WAIT);
	size = make_answer(0, ns_r_noerror, 60, TEXTS("v=DMARC1; p=none"), bytes);
	bytes[0] ^= 1; /* another number */
	answers_receive(*state, bytes, size);
	bytes[0] ^= 1;
	bytes[14] ^= 1; /* another name */
	answers_receive(*state, bytes, size);
	bytes[14] ^= 1;
	bytes[2] &= 0x7f; /* a question */
	answers_receive(*state, bytes, size);
	bytes[2] |= 0x80;
	for (size_t part = 0; part < size; part++)
		answers_receive(*state, bytes, part);
	assert_int_equal(look(*state, "example.org"), DMARC_LOOK_WAIT);
	answers_receive(*state, bytes, size);
	assert_int_equal(look(*state, "example.org"), DMARC_LOOK_FOUND);
	answers_receive(*state, bytes, size); /* once more */
}

static void a_lost_datagram_is_asked_again(void **state)
{
	assert_int_equal(look(*state, "example.org"), DMARC_LOOK_WAIT);
	assert_int_equal(answers_due(*state), now + ANSWERS_AGAIN_MS);
	pass(*state, ANSWERS_AGAIN_MS);
	assert_int_equal(count, 2);
	assert_memory_equal(questions[0], questions[1], sizes[0]);
	reply(*state, 1, ns_r_noerror, 60, NULL);
	assert_int_equal(look(*state, "example.org"), DMARC_LOOK_NOTHING);
	assert_int_equal(answers_due(*state), INT64_MAX);
}

/* Three questions without an answer, and then one every few seconds. */
static void a_silent_resolver_is_not_asked_much(void **state)
{
	char name[32];

	for (int i = 0; i < ANSWERS_SILENT; i++) {
		snprintf(name, sizeof(name), "n%d.example", i);
		assert_int_equal(look(*state, name), DMARC_LOOK_WAIT);
	}
	pass(*state, ANSWERS_AGAIN_MS);
	pass(*state, ANSWERS_END_MS);
	assert_int_equal(look(*state, "n0.example"), DMARC_LOOK_ERROR); /* remembered */
	count = 0;
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "m%d.example", i);
		assert_int_equal(look(*state, name), DMARC_LOOK_ERROR);
	}
	assert_int_equal(count, 0);
	pass(*state, ANSWERS_TRY_MS);
	assert_int_equal(look(*state, "try.example"), DMARC_LOOK_WAIT);
	assert_int_equal(look(*state, "another.example"), DMARC_LOOK_ERROR);
	assert_int_equal(count, 1);
	reply(*state, 0, ns_r_noerror, 60, NULL);
	assert_int_equal(look(*state, "another.example"), DMARC_LOOK_WAIT);
	assert_int_equal(look(*state, "m1.example"), DMARC_LOOK_WAIT);
}

static void a_resolver_that_is_not_there(void **state)
{
	assert_int_equal(look(*state, "example.org"), DMARC_LOOK_WAIT);
	answers_refused(*state);
	assert_int_equal(look(*state, "example.org"), DMARC_LOOK_ERROR);
	assert_int_equal(count, 1); /* not asked at once again */
	pass(*state, 1000);
	assert_int_equal(look(*state, "example.org"), DMARC_LOOK_WAIT);
}

static void questions_have_a_limit(void **state)
{
	char name[32];

	for (int i = 0; i < ANSWERS_ASKED; i++) {
		snprintf(name, sizeof(name), "n%d.example", i);
		assert_int_equal(look(*state, name), DMARC_LOOK_WAIT);
	}
	assert_int_equal(look(*state, "more.example"), DMARC_LOOK_ERROR);
	assert_int_equal(count, ANSWERS_ASKED);
	reply(*state, 7, ns_r_noerror, 60, NULL);
	assert_int_equal(look(*state, "more.example"), DMARC_LOOK_WAIT);
}

static void the_memory_has_a_limit(void **state)
{
	char name[32];

	for (int i = 0; i < ANSWERS_LIMIT + 100; i++) {
		snprintf(name, sizeof(name), "n%d.example", i);
		assert_int_equal(look(*state, name), DMARC_LOOK_WAIT);
		reply(*state, 0, ns_r_noerror, 3600, NULL);
		assert_int_equal(look(*state, name), DMARC_LOOK_NOTHING);
		assert_int_equal(look(*state, "n0.example"), DMARC_LOOK_NOTHING); /* in use */
		count = 0;
	}
	assert_int_equal(answers_counted(*state).remembered, ANSWERS_LIMIT);
	assert_int_equal(look(*state, "n2.example"), DMARC_LOOK_WAIT);
}

static void a_name_without_room_for_a_record(void **state)
{
	char name[NAME_SIZE];

	memset(name, 'a', sizeof(name));
	for (size_t i = 50; i < sizeof(name); i += 50)
		name[i] = '.';
	name[NAME_SIZE - 2] = '\0';
	assert_int_equal(look(*state, name), DMARC_LOOK_NOTHING);
	assert_int_equal(count, 0);
}

#define answers_test(function) cmocka_unit_test_setup_teardown(function, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    answers_test(a_record_is_asked_for_once),
	    answers_test(what_an_answer_means),
	    answers_test(whether_a_name_exists),
	    answers_test(who_sends_no_mail),
	    answers_test(strange_answers_are_passed_over),
	    answers_test(a_lost_datagram_is_asked_again),
	    answers_test(a_silent_resolver_is_not_asked_much),
	    answers_test(a_resolver_that_is_not_there),
	    answers_test(questions_have_a_limit),
	    answers_test(the_memory_has_a_limit),
	    answers_test(a_name_without_room_for_a_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
