// SPDX-License-Identifier: GPL-3.0-or-later
/* Limits by a clock that the test turns: windows, rows in bounded memory, who is held and why. */
#include "test.h"

#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "base/json_file.h"
#include "policy/limit_answer.h"
#include "policy/limit_network.h"

enum { BEGIN = 1795515240, MINUTE = 60, HOUR = 3600, DAY = 24 * HOUR };

static struct limits limits;
static int64_t now;

static int begin(void **state _unused_)
{
	limits_init(&limits);
	now = BEGIN;
	return 0;
}

static int end(void **state _unused_)
{
	limits_free(&limits);
	return 0;
}

static struct limit_answer ask(const char *login, const char *client, const char *recipient,
			       unsigned recipients)
{
	const struct limit_question question = {login, client, recipient, recipients, now};
	struct limit_answer answer;

	limits_ask(&limits, &question, &answer);
	return answer;
}

static enum limit_verdict send_as(const char *login, unsigned recipients)
{
	return ask(login, "192.0.2.1", "", recipients).verdict;
}

#define ALICE "alice@example.org"

/* ---- Windows ---- */

/* What a window says against all that was added, by a clock that goes on by odd steps. */
static void a_window_never_says_less_than_an_hour_had(void **state _unused_)
{
	enum { STEPS = 13, SECONDS = 300, TIMES = 4000 };
	static struct {
		int64_t at;
		uint32_t count;
	} added[TIMES];
	uint32_t numbers[LIMIT_WINDOW_NUMBERS(STEPS)] = {0};
	struct limit_window window = {numbers, STEPS, SECONDS};
	uint32_t random = 7;

	for (size_t i = 0; i < TIMES; i++) {
		uint64_t hour = 0, longest = 0, sum;

		random = random * 1664525 + 1013904223;
		now += random % 5 ? random % 97 : random % 2000;
		added[i].at = now;
		added[i].count = random % 11;
		limit_window_add(&window, added[i].count, now);
		for (size_t k = 0; k <= i; k++) {
			hour += added[k].at > now - HOUR ? added[k].count : 0;
			longest += added[k].at > now - HOUR - SECONDS ? added[k].count : 0;
		}
		sum = limit_window_sum(&window, now);
		assert_true(sum >= hour && sum <= longest);
	}
}

static void a_window_says_when_there_is_room(void **state _unused_)
{
	uint32_t numbers[LIMIT_WINDOW_NUMBERS(13)] = {0};
	struct limit_window window = {numbers, 13, 300};
	int64_t open;

	limit_window_add(&window, 60, now);
	limit_window_add(&window, 40, now + 20 * MINUTE);
	now += 30 * MINUTE;
	assert_int_equal(limit_window_open(&window, 1, 101, now), 0);
	open = limit_window_open(&window, 1, 100, now);
	assert_true(open > BEGIN + HOUR && open <= BEGIN + HOUR + 300);
	assert_true(limit_window_sum(&window, open - 1) == 100);
	assert_true(limit_window_sum(&window, open) == 40);
	open = limit_window_open(&window, 70, 100, open - 1);
	assert_true(limit_window_sum(&window, open - 1) + 70 > 100 || open <= BEGIN + HOUR + 300);
	assert_int_equal(limit_window_open(&window, 101, 100, now), 0); /* never */
}

static void a_clock_that_was_wrong_stops_nobody(void **state _unused_)
{
	uint32_t numbers[LIMIT_WINDOW_NUMBERS(13)] = {0};
	struct limit_window window = {numbers, 13, 300};

	limit_window_add(&window, 5, now + 1000 * DAY); /* it was ahead */
	assert_int_equal(limit_window_sum(&window, now), 0);
	limit_window_add(&window, 5, now);
	assert_int_equal(limit_window_sum(&window, now - 20 * MINUTE), 5); /* set back a little */
	assert_int_equal(limit_window_sum(&window, now + DAY), 0);
	limit_window_add(&window, UINT32_MAX, now + DAY);
	limit_window_add(&window, UINT32_MAX, now + DAY);
	assert_int_equal(limit_window_sum(&window, now + DAY), UINT32_MAX);
}

/* ---- Rows ---- */

static void rows_have_a_limit_and_the_oldest_goes(void **state _unused_)
{
	struct limit_table table;
	struct limit_row *row;
	char key[16];

	limit_table_init(&table, 1000, 2);
	for (unsigned i = 0; i < 5000; i++) {
		snprintf(key, sizeof(key), "k%u", i);
		row = limit_table_get(&table, key);
		row->numbers[1] = i;
		assert_non_null(limit_table_find(&table, "k0")); /* asked for, so it stays */
	}
	assert_int_equal(table.count, 1000);
	assert_null(limit_table_find(&table, "k1"));
	assert_null(limit_table_find(&table, "k4000"));
	assert_int_equal(limit_table_find(&table, "k4001")->numbers[1], 4001);
	limit_table_free(&table);
}

/* ---- Limits ---- */

static void messages_and_recipients_of_a_login(void **state _unused_)
{
	struct limit_answer answer;

	limits.most[LIMIT_USER_MESSAGES] = 3;
	limits.most[LIMIT_USER_RECIPIENTS] = 10;
	assert_int_equal(send_as(ALICE, 4), LIMIT_PASS);
	answer = ask(ALICE, "192.0.2.1", "", 7);
	assert_int_equal(answer.verdict, LIMIT_LATER);
	assert_int_equal(answer.limit, LIMIT_USER_RECIPIENTS);
	assert_true(answer.open > now && answer.open <= now + HOUR + 300);
	assert_int_equal(send_as(ALICE, 6), LIMIT_PASS); /* what was refused was not counted */
	assert_int_equal(send_as("Alice@Example.ORG", 1), LIMIT_LATER);
	assert_int_equal(send_as("bob@example.org", 1), LIMIT_PASS);
	now = answer.open;
	assert_int_equal(send_as(ALICE, 1), LIMIT_PASS);
}

static void a_day_has_more_than_one_hour(void **state _unused_)
{
	unsigned sent = 0;

	limits.most[LIMIT_USER_RECIPIENTS] = 500;
	limits.most[LIMIT_USER_RECIPIENTS_DAY] = 2000;
	limits.hold = false;
	for (int64_t stop = now + DAY; now < stop; now += 10)
		sent += send_as(ALICE, 5) == LIMIT_PASS ? 5 : 0;
	assert_int_equal(sent, 2000);
}

static void a_message_to_too_many_is_told_so_at_once(void **state _unused_)
{
	limits.most[LIMIT_USER_RECIPIENTS] = 10;
	assert_int_equal(send_as(ALICE, 11), LIMIT_NEVER);
	assert_int_equal(send_as(ALICE, 500), LIMIT_NEVER);
	assert_int_equal(limits.holds.count, 0);
	assert_int_equal(send_as(ALICE, 10), LIMIT_PASS);
}

static void no_limit_counts_and_refuses_nothing(void **state _unused_)
{
	limits.hold = false;
	for (unsigned i = 0; i < 100000; i++)
		assert_int_equal(send_as(ALICE, 1000), LIMIT_PASS);
}

static void strangers_count_by_client_and_by_recipient(void **state _unused_)
{
	limits.most[LIMIT_CLIENT_MESSAGES] = 2;
	limits.most[LIMIT_RECIPIENT_MESSAGES] = 1;
	assert_int_equal(ask("", "2001:db8:1:2::1", "", 9).verdict, LIMIT_PASS);
	assert_int_equal(ask("", "2001:db8:1:2::2", "", 9).verdict, LIMIT_PASS);
	assert_int_equal(ask("", "2001:db8:1:2:ffff::3", "", 9).verdict, LIMIT_LATER);
	assert_int_equal(ask("", "2001:db8:1:3::1", "", 9).verdict, LIMIT_PASS);
	assert_int_equal(ask("", "198.51.100.1", ALICE, 0).verdict, LIMIT_PASS);
	assert_int_equal(ask("", "198.51.7.9", "ALICE@example.org", 0).verdict, LIMIT_LATER);
	assert_int_equal(ask("", "198.51.100.1", "bob@example.org", 0).verdict, LIMIT_PASS);
	assert_int_equal(ask("", "203.0.113.1", ALICE, 0).verdict, LIMIT_PASS);
	assert_int_equal(limits.holds.count, 0);
}

static void the_machine_and_the_self_test_are_never_limited(void **state _unused_)
{
	for (size_t i = 0; i < LIMITS; i++)
		limits.most[i] = 1;
	for (unsigned i = 0; i < 100; i++) {
		assert_int_equal(ask("", "127.0.0.1", "", 9).verdict, LIMIT_PASS);
		assert_int_equal(ask("", "::1", ALICE, 0).verdict, LIMIT_PASS);
		assert_int_equal(ask("", "::ffff:127.0.0.1", ALICE, 0).verdict, LIMIT_PASS);
		assert_int_equal(ask("", "unknown", "", 9).verdict, LIMIT_PASS);
		assert_int_equal(send_as("selftest@selftest.invalid", 1), LIMIT_PASS);
	}
}

/* ---- Holds ---- */

static void who_goes_on_is_held(void **state _unused_)
{
	limits.most[LIMIT_USER_MESSAGES] = 100;
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(send_as(ALICE, 1), LIMIT_PASS);
	for (unsigned i = 0; i < 30; i++) /* a program with a few too many, at once */
		assert_int_equal(send_as(ALICE, 1), LIMIT_LATER);
	assert_int_equal(limits.holds.count, 0);
	now += 59;
	send_as(ALICE, 1);
	now += 1;
	send_as(ALICE, 1);
	assert_int_equal(limits.holds.count, 0);
	now += MINUTE;
	assert_int_equal(send_as(ALICE, 1), LIMIT_LATER);
	assert_int_equal(limits.holds.count, 1);
	assert_int_equal(limits.holds.list[0].reason, LIMIT_REASON_AGAIN);
	now += 2 * HOUR; /* and the limits are still for him */
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(send_as(ALICE, 1), LIMIT_HELD);
	assert_int_equal(send_as(ALICE, 1), LIMIT_LATER);
	assert_int_equal(send_as("bob@example.org", 1), LIMIT_PASS);
}

static void who_is_over_it_now_and_then_is_not_held(void **state _unused_)
{
	limits.most[LIMIT_USER_MESSAGES] = 10;
	for (unsigned hours = 0; hours < 100; hours++, now += HOUR) {
		for (unsigned i = 0; i < 12; i++)
			send_as(ALICE, 1);
		now += MINUTE;
		send_as(ALICE, 1);
		now += 6 * MINUTE;
	}
	assert_int_equal(limits.holds.count, 0);
}

static void who_asks_for_it_twice_is_held_at_once(void **state _unused_)
{
	unsigned passed = 0, asked = 0;

	limits.most[LIMIT_USER_RECIPIENTS] = 500;
	while (limits.holds.count == 0) {
		assert_true(asked < 1100);
		passed += send_as(ALICE, 10) == LIMIT_PASS ? 10 : 0;
		asked += 10;
	}
	assert_int_equal(passed, 500);
	assert_int_equal(asked, 1000);
	assert_int_equal(limits.holds.list[0].reason, LIMIT_REASON_MORE);
}

static void who_sends_from_many_networks_is_held(void **state _unused_)
{
	static const char *const clients[] = {"192.0.2.1",   "198.51.100.1", "203.0.113.1",
					      "2001:db8::1", "10.0.0.1",     "172.16.0.1"};

	for (unsigned i = 0; i < 40; i++, now += MINUTE) /* a telephone and an office */
		assert_int_equal(ask(ALICE, clients[i % 5], "", 1).verdict, LIMIT_PASS);
	assert_int_equal(ask(ALICE, "127.0.0.1", "", 1).verdict, LIMIT_PASS);
	assert_int_equal(ask(ALICE, "192.0.99.99", "", 1).verdict, LIMIT_PASS); /* same /16 */
	assert_int_equal(ask(ALICE, clients[5], "", 1).verdict, LIMIT_HELD);
	assert_int_equal(limits.holds.list[0].reason, LIMIT_REASON_NETWORKS);
	for (unsigned i = 0; i < 60; i++, now += 13 * MINUTE) /* as a traveller does */
		assert_int_equal(ask("bob@example.org", clients[i % 6], "", 1).verdict, LIMIT_PASS);
}

static void hold_can_be_off(void **state _unused_)
{
	limits.most[LIMIT_USER_RECIPIENTS] = 5;
	limits.hold = false;
	for (unsigned i = 0; i < 500; i++, now += 10)
		send_as(ALICE, 2);
	assert_int_equal(limits.holds.count, 0);
}

static void a_disk_that_fails_is_said_to_who_waits(void **state)
{
	_cleanup_free_ char *path = file_join(*state, "no folder/held.json");
	struct limit_writer *writer = limit_writer_start(path, NULL);
	struct error error = ERROR_INIT;
	bool held;

	limits.holds.writer = writer;
	limits.most[LIMIT_USER_RECIPIENTS] = 50;
	for (unsigned i = 0; i < 100; i++)
		send_as(ALICE, 1);
	assert_true(limits_release(&limits, ALICE, now, &held, &error) < 0);
	assert_true(held);
	assert_non_null(strstr(error_text(&error), path));
	error_clear(&error);
	limit_writer_stop(&writer, clock_now_ms() + 10000);
}

static void release_frees_and_forgets(void **state _unused_)
{
	struct error error = ERROR_INIT;
	bool held;

	limits.most[LIMIT_USER_RECIPIENTS] = 50;
	for (unsigned i = 0; i < 100; i++)
		send_as(ALICE, 1);
	assert_int_equal(limits.holds.count, 1);
	assert_int_equal(limits_release(&limits, "ALICE@example.org", now, &held, &error), 0);
	assert_true(held);
	assert_int_equal(limits.holds.count, 0);
	assert_int_equal(send_as(ALICE, 1), LIMIT_PASS);
	assert_int_equal(limits_release(&limits, ALICE, now, &held, &error), 0);
	assert_false(held);
}

static void what_logins_sent_is_kept(void **state)
{
	_cleanup_free_ char *path = file_join(*state, "store");
	_cleanup_(store_close) struct store *store = store_open(path, BEGIN, NULL);
	struct error error = ERROR_INIT;
	bool held;

	begin(NULL);
	limits.most[LIMIT_USER_RECIPIENTS] = 10;
	limits.most[LIMIT_USER_RECIPIENTS_DAY] = 20;
	limits_load(&limits, store, now);
	assert_int_equal(send_as(ALICE, 6), LIMIT_PASS);
	now += 2 * HOUR;
	assert_int_equal(send_as(ALICE, 6), LIMIT_PASS);
	assert_int_equal(send_as(ALICE, 2), LIMIT_PASS);
	limits_free(&limits);
	store_close(&store);

	limits_init(&limits);
	limits.most[LIMIT_USER_RECIPIENTS] = 10;
	limits.most[LIMIT_USER_RECIPIENTS_DAY] = 20;
	store = store_open(path, now, NULL);
	now += 20 * MINUTE;
	limits_load(&limits, store, now);
	assert_int_equal(send_as(ALICE, 3), LIMIT_LATER); /* 8 of 10 */
	assert_int_equal(send_as(ALICE, 2), LIMIT_PASS);
	now += 2 * HOUR;
	assert_int_equal(send_as(ALICE, 5), LIMIT_LATER); /* 16 of 20 */
	assert_int_equal(limits_release(&limits, ALICE, now, &held, &error), 0);
	limits_free(&limits);
	limits_init(&limits);
	limits.most[LIMIT_USER_RECIPIENTS_DAY] = 20;
	limits_load(&limits, store, now);
	assert_int_equal(send_as(ALICE, 20), LIMIT_PASS); /* released is forgotten there too */
	limits_free(&limits);
}

static void write_all(struct limit_holds *holds)
{
	struct error error = ERROR_INIT;

	assert_int_equal(limit_writer_wait(holds->writer, clock_now_ms() + 10000, &error), 0);
	limit_holds_free(holds);
}

static void the_list_of_the_held_is_kept(void **state)
{
	_cleanup_free_ char *path = file_join(*state, "held.json");
	struct limit_writer *writer = limit_writer_start(path, NULL);
	struct limit_holds holds = {.writer = writer};
	struct error error = ERROR_INIT;

	assert_non_null(writer);
	limit_holds_load(&holds, path, &error);
	assert_int_equal(error.code, 0);
	assert_int_equal(limit_holds_add(&holds, ALICE, LIMIT_REASON_MORE, 7, &error), 0);
	assert_int_equal(limit_holds_add(&holds, "b@example.org", LIMIT_REASON_NETWORKS, 8, &error),
			 0);
	assert_int_equal(limit_holds_add(&holds, ALICE, LIMIT_REASON_AGAIN, 9, &error), 0);
	write_all(&holds);
	holds.writer = writer;
	limit_holds_load(&holds, path, &error);
	assert_int_equal(holds.count, 2);
	assert_int_equal(limit_holds_find(&holds, ALICE)->since, 7);
	assert_int_equal(limit_holds_find(&holds, ALICE)->reason, LIMIT_REASON_MORE);
	assert_int_equal(limit_holds_remove(&holds, ALICE, &error), 0);
	write_all(&holds);
	limit_holds_load(&holds, path, &error);
	assert_int_equal(holds.count, 1);
	assert_string_equal(holds.list[0].login, "b@example.org");
	limit_writer_stop(&writer, clock_now_ms() + 10000);
	assert_null(writer);
	limit_holds_free(&holds);
	assert_int_equal(file_replace(path, "{ no", 4, 0600, (uid_t)-1, (gid_t)-1, &error), 0);
	limit_holds_load(&holds, path, &error);
	assert_int_not_equal(error.code, 0);
	assert_int_equal(holds.count, 0);
	error_clear(&error);
	limit_holds_free(&holds);
}

/* ---- What is said ---- */

static const char *said(const char *login, const char *state, const char *recipient, unsigned count)
{
	static char text[300];
	_cleanup_(buffer_free) struct buffer question = BUFFER_INIT, answer = BUFFER_INIT;
	struct postfix_request request;

	buffer_addf(&question,
		    "request=smtpd_access_policy\nprotocol_state=%s\nsasl_username=%s\n"
		    "client_address=192.0.2.1\nrecipient=%s\nrecipient_count=%u\n"
		    "policy_context=limits\n",
		    state, login, recipient, count);
	request_parse_postfix((struct slice){question.data, question.size}, &request);
	limit_answer_postfix(&limits, &request, now, &answer);
	slice_copy((struct slice){answer.data, answer.size}, text, sizeof(text));
	return text;
}

static void postfix_gets_an_answer_and_a_time(void **state _unused_)
{
	limits.most[LIMIT_USER_RECIPIENTS] = 10;
	limits.most[LIMIT_CLIENT_MESSAGES] = limits.most[LIMIT_RECIPIENT_MESSAGES] = 1;
	now = 1795515240; /* 13:14 */
	assert_string_equal(said(ALICE, "DATA", "", 10), "action=DUNNO\n\n");
	assert_string_equal(said(ALICE, "RCPT", "b@example.com", 0), "action=DUNNO\n\n");
	assert_string_equal(said(ALICE, "DATA", "b@example.com", 1),
			    "action=450 4.7.1 sending limit reached, open again at 11:15 UTC\n\n");
	assert_string_equal(said(ALICE, "DATA", "", 11),
			    "action=552 5.5.3 to more recipients than the limit of 10; send to "
			    "fewer at once\n\n");
	assert_string_equal(said("", "DATA", "", 11), "action=DUNNO\n\n");
	assert_non_null(strstr(said("", "DATA", "", 11), "450 4.7.1 too many messages from"));
	assert_string_equal(said("", "RCPT", ALICE, 0), "action=DUNNO\n\n");
	assert_non_null(strstr(said("", "RCPT", ALICE, 0), "450 4.7.1 too many messages to"));
	assert_string_equal(said("", "RCPT", "", 0), "action=DUNNO\n\n");
	now += 2 * MINUTE;
	said(ALICE, "DATA", "", 1);
	now += 2 * MINUTE;
	said(ALICE, "DATA", "", 1);
	now += 3 * HOUR;
	assert_string_equal(said(ALICE, "DATA", "", 1),
			    "action=HOLD sending is held (postcask user held)\n\n");
}

static void root_sees_who_used_most_and_frees(void **state _unused_)
{
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;
	_cleanup_json_ json_t *list = NULL, *freed = NULL;
	const json_t *rows, *used;
	char login[32];

	limits.most[LIMIT_USER_RECIPIENTS] = 100;
	for (unsigned i = 1; i <= 100; i++) {
		snprintf(login, sizeof(login), "u%u@example.org", i);
		send_as(login, i);
	}
	for (unsigned i = 0; i < 100; i++)
		send_as("u100@example.org", 1);
	limit_answer_list(&limits, now, &text);
	list = json_loadb(text.data, text.size, 0, NULL);
	assert_int_equal(json_number(list, "held"), 1);
	rows = json_object_get(list, "limits");
	assert_int_equal(json_array_size(rows), LIMITS);
	used = json_object_get(json_array_get(rows, LIMIT_USER_RECIPIENTS), "used");
	assert_int_equal(json_array_size(used), 20);
	for (size_t i = 0; i < 20; i++)
		assert_int_equal(json_number(json_array_get(used, i), "used"), 100 - i);
	buffer_reset(&text);
	limit_answer_release(&limits, "u100@example.org", now, &text);
	freed = json_loadb(text.data, text.size, 0, NULL);
	assert_true(json_is_true(json_object_get(freed, "held")));
	assert_int_equal(send_as("u100@example.org", 100), LIMIT_PASS);
}

static void settings_are_read(void **state)
{
	static const char text[] = "# a comment\nuser_recipients_per_hour\t7\nhold\tno\n"
				   "of_a_newer_version\t1\nuser_messages_per_hour\t-1\n";
	_cleanup_free_ char *path = file_join(*state, "limits.conf");
	struct error error = ERROR_INIT;

	limits_init(&limits);
	assert_int_equal(limit_config_load(path, &limits, &error), 0);
	assert_true(limits.hold);
	assert_int_equal(
	    file_replace(path, text, sizeof(text) - 1, 0600, (uid_t)-1, (gid_t)-1, &error), 0);
	assert_int_equal(limit_config_load(path, &limits, &error), 0);
	assert_false(limits.hold);
	assert_int_equal(limits.most[LIMIT_USER_RECIPIENTS], 7);
	assert_int_equal(limits.most[LIMIT_USER_MESSAGES], 0);
	limits_free(&limits);
}

static void networks(void **state _unused_)
{
	static const struct {
		const char *address, *client, *network;
	} rows[] = {{"192.0.2.7", "192.0.2.7/32", "192.0.0.0/16"},
		    {"::ffff:192.0.2.7", "192.0.2.7/32", "192.0.0.0/16"},
		    {"2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64", "2001:db8::/32"},
		    {"127.0.0.2", NULL, NULL},
		    {"::1", NULL, NULL},
		    {"", NULL, NULL},
		    {"unknown", NULL, NULL}};
	char text[LIMIT_NETWORK_TEXT];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_int_equal(limit_network(rows[i].address, LIMIT_CLIENT_WIDTH, text),
				 rows[i].client != NULL);
		if (!rows[i].client)
			continue;
		assert_string_equal(text, rows[i].client);
		assert_true(limit_network(rows[i].address, LIMIT_NETWORK_WIDTH, text));
		assert_string_equal(text, rows[i].network);
	}
}

/* 100,000 rows, the fullest that it can be, and each question about another one. */
static void answers_are_quick_with_all_rows(void **state _unused_)
{
	enum { ASKED = 200000 };
	struct timespec from, to;
	char login[48];
	double micro;

	for (size_t i = 0; i < LIMITS; i++)
		limits.most[i] = 1000;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
	for (unsigned i = 0; i < ASKED; i++) {
		snprintf(login, sizeof(login), "user%u@example.org", i % LIMIT_ROWS);
		send_as(login, 1);
		snprintf(login, sizeof(login), "10.%u.%u.%u", i >> 16 & 255, i >> 8 & 255, i & 255);
		ask("", login, "", 1);
		ask("", login, ALICE, 0);
	}
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
	micro = ((double)(to.tv_sec - from.tv_sec) * 1e9 + (double)(to.tv_nsec - from.tv_nsec)) /
		1000 / (3 * ASKED);
	print_message("%.2f us an answer\n", micro);
	assert_true(limits.tables[LIMIT_USER].count + limits.tables[LIMIT_CLIENT].count +
			limits.tables[LIMIT_RECIPIENT].count <=
		    LIMIT_ROWS);
	assert_true(micro < 50); /* under a sanitizer too */
}

#define LIMIT_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    LIMIT_TEST(a_window_never_says_less_than_an_hour_had),
	    LIMIT_TEST(a_window_says_when_there_is_room),
	    LIMIT_TEST(a_clock_that_was_wrong_stops_nobody),
	    LIMIT_TEST(rows_have_a_limit_and_the_oldest_goes),
	    LIMIT_TEST(messages_and_recipients_of_a_login),
	    LIMIT_TEST(a_day_has_more_than_one_hour),
	    LIMIT_TEST(a_message_to_too_many_is_told_so_at_once),
	    LIMIT_TEST(no_limit_counts_and_refuses_nothing),
	    LIMIT_TEST(strangers_count_by_client_and_by_recipient),
	    LIMIT_TEST(the_machine_and_the_self_test_are_never_limited),
	    LIMIT_TEST(who_goes_on_is_held),
	    LIMIT_TEST(who_is_over_it_now_and_then_is_not_held),
	    LIMIT_TEST(who_asks_for_it_twice_is_held_at_once),
	    LIMIT_TEST(who_sends_from_many_networks_is_held),
	    LIMIT_TEST(hold_can_be_off),
	    LIMIT_TEST(a_disk_that_fails_is_said_to_who_waits),
	    LIMIT_TEST(release_frees_and_forgets),
	    folder_test(what_logins_sent_is_kept),
	    folder_test(the_list_of_the_held_is_kept),
	    LIMIT_TEST(postfix_gets_an_answer_and_a_time),
	    LIMIT_TEST(root_sees_who_used_most_and_frees),
	    folder_test(settings_are_read),
	    LIMIT_TEST(networks),
	    LIMIT_TEST(answers_are_quick_with_all_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
