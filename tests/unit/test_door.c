// SPDX-License-Identifier: GPL-3.0-or-later
/* Who at port 25 is silent, and whose connection is ended for others. */
#include "test.h"

#include <sys/socket.h>

#include "firewall/door.h"

#define TEASER 40

/* A connection that was sent `sent` bytes and said `received`, with the milliseconds since each. */
static struct door_client judge(uint64_t sent, uint32_t sent_ago, uint64_t received,
				uint32_t received_ago)
{
	struct inet_diag_msg message = {.idiag_family = AF_INET6, .id = {.idiag_sport = 25}};
	struct tcp_info info = {.tcpi_bytes_sent = sent,
				.tcpi_bytes_received = received,
				.tcpi_last_data_sent = sent_ago,
				.tcpi_last_data_recv = received_ago};

	return door_judge(&message, &info, TEASER);
}

static void who_waits_for_us_is_not_silent(void **state _unused_)
{
	/* not greeted; postscreen's first line alone, however long ago */
	assert_false(judge(0, 60000, 0, 60000).served);
	assert_false(judge(TEASER, 60000, 0, 60000).served);
	assert_int_equal(judge(TEASER, 60000, 0, 60000).silent_ms, 0);
	/* the message is there, and the answer to it takes its time */
	assert_true(judge(400, 60000, 9000, 30000).served);
	assert_int_equal(judge(400, 60000, 9000, 30000).silent_ms, 0);
}

static void who_owes_a_word_is_silent(void **state _unused_)
{
	struct door_client client = judge(TEASER + 30, 5000, 0, 8000);

	assert_true(client.served && client.greeting);
	assert_int_equal(client.silent_ms, 5000);
	assert_int_equal(client.family, AF_INET6);
	assert_int_equal(client.id.idiag_sport, 25);
	client = judge(30, 700, 0, 700); /* known: greeted at once */
	assert_true(client.served && client.greeting);
	assert_int_equal(client.silent_ms, 700);
	client = judge(400, 700, 200, 900);
	assert_true(client.served);
	assert_false(client.greeting);
}

/* Without a first line of postscreen's nothing that was sent is one. */
static void a_teaser_may_be_off(void **state _unused_)
{
	struct inet_diag_msg message = {.idiag_family = AF_INET};
	struct tcp_info info = {.tcpi_bytes_sent = TEASER};

	assert_true(door_judge(&message, &info, 0).served);
}

static void put(struct door *door, size_t count, struct door_client client)
{
	for (size_t i = 0; i < count; i++)
		door->clients[door->count++] = client;
}

static void nobody_is_ended_while_there_is_room(void **state _unused_)
{
	_cleanup_(door_close) struct door door = {0};

	assert_int_equal(door_open(&door, NULL), 0);
	put(&door, 75, judge(30, 90000, 0, 90000));
	put(&door, 900, judge(TEASER, 90000, 0, 90000));
	assert_int_equal(door_served(&door), 75);
	assert_int_equal(door_choose(&door, 100), 0);
}

static void the_longest_silent_make_room(void **state _unused_)
{
	_cleanup_(door_close) struct door door = {0};

	assert_int_equal(door_open(&door, NULL), 0);
	put(&door, 40, judge(30, 3000, 0, 3000));
	put(&door, 30, judge(400, 90000, 9000, 10)); /* our turn */
	put(&door, 10, judge(30, 4000, 0, 4000));
	assert_int_equal(door_choose(&door, 100), 5);
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(door.clients[i].silent_ms, 4000);
	assert_int_equal(door.count, 80);
}

/* Honest ones have their time, whatever it costs others. */
static void everybody_has_his_time(void **state _unused_)
{
	_cleanup_(door_close) struct door door = {0};

	assert_int_equal(door_open(&door, NULL), 0);
	put(&door, 99, judge(30, DOOR_GREETING_MS - 1, 0, DOOR_GREETING_MS - 1));
	assert_int_equal(door_choose(&door, 100), 0);
	/* with no server free he has less, to greet */
	put(&door, 1, judge(400, DOOR_SILENCE_MS - 1, 2000, DOOR_SILENCE_MS));
	assert_int_equal(door_choose(&door, 100), 25);
	for (size_t i = 0; i < 25; i++)
		assert_true(door.clients[i].greeting);
	door.count = 0;
	put(&door, 100, judge(30, DOOR_HURRY_MS - 1, 0, DOOR_HURRY_MS - 1));
	assert_int_equal(door_choose(&door, 100), 0);
	door.count = 0;
	put(&door, 100, judge(400, DOOR_SILENCE_MS, 2000, DOOR_SILENCE_MS + 1));
	assert_int_equal(door_choose(&door, 100), 25);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(who_waits_for_us_is_not_silent),
	    cmocka_unit_test(who_owes_a_word_is_silent),
	    cmocka_unit_test(a_teaser_may_be_off),
	    cmocka_unit_test(nobody_is_ended_while_there_is_room),
	    cmocka_unit_test(the_longest_silent_make_room),
	    cmocka_unit_test(everybody_has_his_time),
	};

	return cmocka_run_group_tests_name("door", tests, NULL, NULL);
}
