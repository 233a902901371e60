// SPDX-License-Identifier: GPL-3.0-or-later
/* Who is asked to come again, and who guesses; with a clock that the test has. */
#include "test.h"

#include "base/cleanup.h"
#include "policy/grey.h"
#include "policy/guesses.h"
#include "policy/host_name.h"
#include "policy/known.h"

enum { NOW = 1800000000, HOUR = 3600, DAY = 24 * HOUR };

/* ---- Names ---- */

static void names_of_servers(void **state _unused_)
{
	static const struct {
		const char *name, *address;
	} good[] = {
	    {"mail.example.org", "192.0.2.1"},
	    {"mx1.example.org", "192.0.2.1"}, /* a 1, but not two bytes */
	    {"mail2.example.org", "192.0.2.25"},
	    {"mail-yw1-f171.google.com", "209.85.128.171"},
	    {"mail-am6eur05on2044.outbound.protection.outlook.com", "40.107.22.44"},
	    {"a27-192.smtp-out.us-west-2.amazonses.com", "54.240.27.5"},
	    {"out-17.smtp.example.com", "198.51.100.23"},
	    {"mail.pool.example", "192.0.2.1"}, /* the domain's name says nothing */
	    {"mail.dynamic.example", "192.0.2.1"},
	    {"mx.example.org", "2001:db8:1:2::25"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		if (!host_is_named(good[i].name, good[i].address))
			fail_msg("%s (%s) is taken for generic", good[i].name, good[i].address);
}

static void names_of_any_address(void **state _unused_)
{
	static const struct {
		const char *name, *address;
	} generic[] = {
	    {"unknown", "192.0.2.1"},
	    {"localhost", "192.0.2.1"},
	    {"192-0-2-1.example.net", "192.0.2.1"},
	    {"1.2.0.192.example.net", "192.0.2.1"},
	    {"host-2-25.example.net", "192.0.2.25"},
	    {"p4fe2a1b3.dip0.t-ipconnect.de", "79.226.161.179"},
	    {"h192000002025.example.net", "192.0.2.25"},
	    {"c0000219.example.net", "192.0.2.25"},
	    {"dyn.alpha.example.net", "192.0.2.1"},
	    {"a.dynamic.example.net", "192.0.2.1"},
	    {"cust17.example.net", "192.0.2.1"},
	    {"adsl-big.example.co.uk", "192.0.2.1"},
	    {"ec2-203-0-113-7.compute-1.amazonaws.com", "203.0.113.7"},
	    {"static.7.113.0.203.clients.your-server.de", "203.0.113.7"},
	    {"2001-db8-1-2-0-0-0-25.example.net", "no address"},
	    {"2001-0db8-0001-0002-0000-0000-0000-0025.v6.example.net", "2001:db8:1:2::25"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(generic); i++)
		if (host_is_named(generic[i].name, generic[i].address))
			fail_msg("%s (%s) is taken for a server", generic[i].name,
				 generic[i].address);
}

static const char *network(const char *address, unsigned bits)
{
	static char text[HOST_NETWORK];

	host_network(address, bits, text);
	return text;
}

static void networks(void **state _unused_)
{
	assert_string_equal(network("192.0.2.77", 24), "192.0.2.0/24");
	assert_string_equal(network("192.0.2.77", 32), "192.0.2.77/32");
	assert_string_equal(network("::ffff:192.0.2.77", 24), "192.0.2.0/24");
	assert_string_equal(network("2001:db8:1:2:3:4:5:6", 24), "2001:db8:1:2::/64");
	assert_string_equal(network("unknown", 24), "");
}

/* ---- Greylisting ---- */

struct world {
	struct store *store;
	struct grey grey;
	struct postfix_request request;
	int message;
};

static int begin(void **state)
{
	struct world *world = calloc(1, sizeof(*world));
	struct error told = ERROR_INIT;

	world->store = store_open(NULL, NOW, &told);
	world->grey.store = world->store;
	*state = world;
	return told.code;
}

static int end(void **state)
{
	struct world *world = *state;

	store_close(&world->store);
	free(world);
	return 0;
}

static struct grey_answer ask(struct world *world, const char *client, const char *sender,
			      enum oracle_answer said, int64_t now_s)
{
	char text[1000];
	struct grey_answer answer;

	snprintf(text, sizeof(text),
		 "client_address=%s\nclient_name=unknown\nhelo_name=x.example.net\nsender=%s\n"
		 "instance=%d\n",
		 client, sender, world->message);
	request_parse_postfix(slice_of(text), &world->request);
	grey_judge(&world->grey, &world->request, GREY_SUSPICIOUS, said, now_s, &answer);
	return answer;
}

static enum grey_why judged(struct world *world, const char *client, const char *sender,
			    int64_t now_s)
{
	struct grey_answer answer = ask(world, client, sender, ORACLE_OTHER, now_s);

	assert_false(answer.ask);
	return answer.why;
}

static void a_stranger_comes_again(void **state)
{
	struct world *world = *state;
	struct grey_answer answer = ask(world, "192.0.2.1", "a@b.example", ORACLE_NOT_YET, NOW);

	assert_true(answer.ask);
	answer = ask(world, "192.0.2.1", "a@b.example", ORACLE_OTHER, NOW);
	assert_int_equal(answer.why, GREY_PUT_OFF);
	assert_int_equal(answer.seconds, GREY_WAIT_S);
	/* Too early; nobody has to be asked. */
	answer = ask(world, "192.0.2.1", "a@b.example", ORACLE_NOT_YET, NOW + 59);
	assert_false(answer.ask);
	assert_int_equal(answer.why, GREY_PUT_OFF);
	assert_int_equal(answer.seconds, 1);
	/* From a neighbour, in other letters. */
	assert_int_equal(judged(world, "192.0.2.200", "A@B.example", NOW + 60), GREY_AGAIN);
	/* Another sender, and another network, are others. */
	assert_int_equal(judged(world, "192.0.2.1", "c@b.example", NOW + 60), GREY_PUT_OFF);
	assert_int_equal(judged(world, "192.0.3.1", "a@b.example", NOW + 60), GREY_PUT_OFF);
	assert_int_equal(world->grey.counts[GREY_PUT_OFF], 4);
}

/* After two messages within a day the network is known, for 60 days after the last one. */
static void a_network_becomes_known(void **state)
{
	struct world *world = *state;

	assert_int_equal(judged(world, "192.0.2.1", "a@b.example", NOW), GREY_PUT_OFF);
	for (int i = 0; i < 5; i++) /* many recipients of one message */
		assert_int_equal(judged(world, "192.0.2.1", "a@b.example", NOW + 60), GREY_AGAIN);
	assert_int_equal(judged(world, "192.0.2.1", "c@d.example", NOW + 61), GREY_PUT_OFF);
	world->message++;
	assert_int_equal(judged(world, "192.0.2.1", "a@b.example", NOW + HOUR), GREY_AGAIN);
	assert_int_equal(judged(world, "192.0.2.9", "x@y.example", NOW + HOUR), GREY_KNOWN);
	assert_int_equal(judged(world, "192.0.2.9", "x@y.example", NOW + 50 * DAY), GREY_KNOWN);
	assert_int_equal(judged(world, "192.0.2.9", "x@y.example", NOW + 109 * DAY), GREY_KNOWN);
	assert_int_equal(judged(world, "192.0.2.9", "x@y.example", NOW + 170 * DAY), GREY_PUT_OFF);
}

static void two_messages_in_two_days_are_not_enough(void **state)
{
	struct world *world = *state;

	judged(world, "192.0.2.1", "a@b.example", NOW);
	assert_int_equal(judged(world, "192.0.2.1", "a@b.example", NOW + 60), GREY_AGAIN);
	world->message++;
	assert_int_equal(judged(world, "192.0.2.1", "a@b.example", NOW + 60 + DAY + 1), GREY_AGAIN);
	assert_int_equal(judged(world, "192.0.2.1", "c@d.example", NOW + 60 + DAY + 2),
			 GREY_PUT_OFF);
}

/* A pool of 64 servers, each in a network of its own. */
static void a_pool_with_spf_never_waits(void **state)
{
	struct world *world = *state;
	char client[32];

	for (int i = 0; i < 64; i++) {
		struct grey_answer answer;

		snprintf(client, sizeof(client), "198.51.%d.1", i);
		answer = ask(world, client, "a@pool.example", ORACLE_PASS, NOW);
		assert_int_equal(answer.why, GREY_SPF);
		/* What SPF said is believed for a day. */
		answer = ask(world, client, "b@pool.example", ORACLE_NOT_YET, NOW + HOUR);
		assert_false(answer.ask);
		assert_int_equal(answer.why, GREY_PROVED);
		assert_true(
		    ask(world, client, "b@pool.example", ORACLE_NOT_YET, NOW + 2 * DAY).ask);
	}
}

/* Without SPF's answer it may come again from anywhere; with one, it may not. */
static void a_pool_whose_spf_is_silent_waits_once(void **state)
{
	struct world *world = *state;

	assert_int_equal(ask(world, "198.51.1.1", "a@pool.example", ORACLE_NONE, NOW).why,
			 GREY_PUT_OFF);
	assert_int_equal(ask(world, "198.51.2.1", "a@pool.example", ORACLE_NONE, NOW + 30).why,
			 GREY_PUT_OFF);
	assert_int_equal(ask(world, "198.51.3.1", "a@pool.example", ORACLE_NONE, NOW + 60).why,
			 GREY_AGAIN);
	assert_int_equal(ask(world, "198.51.1.1", "b@bot.example", ORACLE_OTHER, NOW).why,
			 GREY_PUT_OFF);
	assert_int_equal(ask(world, "198.51.2.1", "b@bot.example", ORACLE_OTHER, NOW + 60).why,
			 GREY_PUT_OFF);
}

static enum grey_why named(struct world *world, const char *name, const char *sender,
			   enum grey_mode mode)
{
	struct grey_answer answer;

	ask(world, "192.0.2.55", sender, ORACLE_NOT_YET, NOW);
	strcpy(world->request.client_name, name);
	grey_judge(&world->grey, &world->request, mode, ORACLE_OTHER, NOW, &answer);
	return answer.why;
}

static void a_server_with_a_name_never_waits(void **state)
{
	struct world *world = *state;

	assert_int_equal(named(world, "mail.example.com", "a@b.example", GREY_SUSPICIOUS),
			 GREY_NAMED);
	assert_int_equal(named(world, "Mail.Example.COM", "a@b.example", GREY_SUSPICIOUS),
			 GREY_NAMED);
	assert_int_equal(named(world, "2-55.example.com", "a@example.com", GREY_SUSPICIOUS),
			 GREY_NAMED);
	assert_int_equal(named(world, "dsl.example.com", "a@news.example.com", GREY_SUSPICIOUS),
			 GREY_NAMED);
	assert_int_equal(named(world, "2-55.dsl.example.com", "a@b.example", GREY_SUSPICIOUS),
			 GREY_PUT_OFF);
	assert_int_equal(named(world, "unknown", "c@b.example", GREY_SUSPICIOUS), GREY_PUT_OFF);
	assert_int_equal(named(world, "mail.example.com", "d@b.example", GREY_ALL), GREY_PUT_OFF);
}

/* Who was written to may answer; his domain counts where it does not say itself who sends for it.
 */
static void who_was_written_to_never_waits(void **state)
{
	struct world *world = *state;

	grey_written(world->store, "Friend@big.example", NOW);
	known_add(world->store, "big.example", NOW);
	assert_int_equal(ask(world, "192.0.2.1", "friend@BIG.example", ORACLE_NOT_YET, NOW).why,
			 GREY_WRITTEN);
	assert_int_equal(ask(world, "192.0.2.1", "other@big.example", ORACLE_OTHER, NOW).why,
			 GREY_PUT_OFF);
	assert_int_equal(ask(world, "192.0.3.1", "other@big.example", ORACLE_NO_RECORD, NOW).why,
			 GREY_WRITTEN);
	assert_int_equal(ask(world, "192.0.3.1", "other@small.example", ORACLE_NO_RECORD, NOW).why,
			 GREY_PUT_OFF);
}

/* Proved by DMARC for a whole message: from that network, and for names below the author's. */
static void who_was_proved_never_waits(void **state)
{
	struct world *world = *state;

	grey_learn(world->store, "192.0.2.1", "author.example", NOW);
	assert_int_equal(
	    ask(world, "192.0.2.7", "x@bounce.author.example", ORACLE_NOT_YET, NOW + 59 * DAY).why,
	    GREY_PROVED);
	assert_true(ask(world, "192.0.3.7", "x@author.example", ORACLE_NOT_YET, NOW).ask);
	assert_true(
	    ask(world, "192.0.2.7", "x@author.example", ORACLE_NOT_YET, NOW + 61 * DAY).ask);
}

/* Of the null sender the greeting counts, and of one without any name there is nobody to ask. */
static void bounces_are_judged_by_their_greeting(void **state)
{
	struct world *world = *state;
	struct grey_answer answer = ask(world, "192.0.2.1", "", ORACLE_NOT_YET, NOW);

	assert_true(answer.ask);
	assert_int_equal(ask(world, "192.0.2.1", "", ORACLE_PASS, NOW).why, GREY_SPF);
	request_parse_postfix(SLICE("client_address=192.0.3.1\nhelo_name=[192.0.3.1]\nsender=\n"),
			      &world->request);
	grey_judge(&world->grey, &world->request, GREY_SUSPICIOUS, ORACLE_NOT_YET, NOW, &answer);
	assert_false(answer.ask);
	assert_int_equal(answer.why, GREY_PUT_OFF);
}

/* More strangers in an hour than there is room for: nobody is put off whom nobody would know
 * again, and whoever waits already is known. */
static void a_flood_puts_off_nobody(void **state)
{
	enum { WAITING = 50000 };
	struct world *world = *state;
	char sender[64];

	for (int i = 0; i < WAITING; i++) {
		snprintf(sender, sizeof(sender), "s%d@flood.example", i);
		assert_int_equal(judged(world, "203.0.113.1", sender, NOW), GREY_PUT_OFF);
	}
	assert_int_equal(judged(world, "192.0.2.1", "a@b.example", NOW + 60), GREY_FLOODED);
	assert_int_equal(judged(world, "203.0.113.1", "s0@flood.example", NOW + 60), GREY_AGAIN);
	/* An hour later the oldest go, as always. */
	assert_int_equal(judged(world, "192.0.2.1", "a@b.example", NOW + HOUR + 1), GREY_PUT_OFF);
}

static void a_clock_that_was_set_back_has_one_wait_once_more(void **state)
{
	struct world *world = *state;

	assert_int_equal(judged(world, "192.0.2.1", "a@b.example", NOW + DAY), GREY_PUT_OFF);
	assert_int_equal(judged(world, "192.0.2.1", "a@b.example", NOW), GREY_PUT_OFF);
	assert_int_equal(judged(world, "192.0.2.1", "a@b.example", NOW + 60), GREY_AGAIN);
}

/* ---- Guesses ---- */

static void no_minute_has_more_than_60(void **state _unused_)
{
	static struct guesses guesses;
	unsigned learnt[600] = {0}, most = 0;

	guesses_init(&guesses);
	/* Fifty a second, for ten minutes, and shut or not it goes on. */
	for (int64_t ms = 0; ms < 600 * 1000; ms += 20) {
		bool shut = guesses_shut(&guesses, "192.0.2.1", ms) > 0;

		guesses_add(&guesses, "192.0.2.1", ms);
		if (!shut && !guesses_shut(&guesses, "192.0.2.1", ms))
			learnt[ms / 1000]++;
	}
	for (size_t begun = 0; begun + 60 <= ARRAY_SIZE(learnt); begun++) {
		unsigned sum = 0;

		for (size_t i = begun; i < begun + 60; i++)
			sum += learnt[i];
		most = sum > most ? sum : most;
	}
	assert_in_range(most, 30, 60);
	guesses_free(&guesses);
}

static void an_old_list_is_not_hurt(void **state _unused_)
{
	static struct guesses guesses;

	guesses_init(&guesses);
	for (int i = 0; i < 20; i++)
		assert_int_equal(guesses_add(&guesses, "192.0.2.1", i), 0);
	/* One that goes on slowly is never shut, and its neighbour is another. */
	for (int i = 0; i < 100; i++)
		assert_int_equal(guesses_add(&guesses, "192.0.2.1", 1000 + i * 2400), 0);
	for (int i = 0; i < 300; i++)
		guesses_add(&guesses, "192.0.2.1", 300000);
	assert_true(guesses_shut(&guesses, "192.0.2.1", 300000) > 0);
	assert_int_equal(guesses_shut(&guesses, "192.0.2.2", 300000), 0);
	assert_int_equal(guesses_shut(&guesses, "192.0.2.1", 360001), 0);
	assert_int_equal(guesses_add(&guesses, "192.0.2.1", 360001), 0);
	guesses_free(&guesses);
}

/* Of a recipient that is asked for elsewhere nobody knows at first. */
static void what_was_none_is_not_counted(void **state _unused_)
{
	static struct guesses guesses;

	guesses_init(&guesses);
	guesses_take_back(&guesses, "192.0.2.1", 0); /* of whom nothing is known */
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(guesses_add(&guesses, "192.0.2.1", i), 0);
		guesses_take_back(&guesses, "192.0.2.1", i);
	}
	/* Nor does it make room for more. */
	for (int i = 0; i < GUESSES_BURST; i++)
		assert_int_equal(guesses_add(&guesses, "192.0.2.1", 1000), 0);
	assert_true(guesses_add(&guesses, "192.0.2.1", 1000) > 0);
	guesses_free(&guesses);
}

static void v6_counts_by_64(void **state _unused_)
{
	static struct guesses guesses;
	char client[64];

	guesses_init(&guesses);
	for (int i = 0; i < 300; i++) {
		snprintf(client, sizeof(client), "2001:db8:0:1::%x", i);
		guesses_add(&guesses, client, 0);
	}
	assert_true(guesses_shut(&guesses, "2001:db8:0:1::ffff", 0) > 0);
	assert_int_equal(guesses_shut(&guesses, "2001:db8:0:2::1", 0), 0);
	/* More clients than there is room for. */
	for (int i = 0; i < 3 * GUESSES_CLIENTS; i++) {
		snprintf(client, sizeof(client), "2001:db8:1:%x::1", i);
		assert_int_equal(guesses_add(&guesses, client, 1), 0);
	}
	assert_int_equal(guesses.count, GUESSES_CLIENTS);
	guesses_free(&guesses);
}

#define world_test(function) cmocka_unit_test_setup_teardown(function, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names_of_servers),
	    cmocka_unit_test(names_of_any_address),
	    cmocka_unit_test(networks),
	    world_test(a_stranger_comes_again),
	    world_test(a_network_becomes_known),
	    world_test(two_messages_in_two_days_are_not_enough),
	    world_test(a_pool_with_spf_never_waits),
	    world_test(a_pool_whose_spf_is_silent_waits_once),
	    world_test(a_server_with_a_name_never_waits),
	    world_test(who_was_written_to_never_waits),
	    world_test(who_was_proved_never_waits),
	    world_test(bounces_are_judged_by_their_greeting),
	    world_test(a_flood_puts_off_nobody),
	    world_test(a_clock_that_was_set_back_has_one_wait_once_more),
	    cmocka_unit_test(no_minute_has_more_than_60),
	    cmocka_unit_test(an_old_list_is_not_hurt),
	    cmocka_unit_test(what_was_none_is_not_counted),
	    cmocka_unit_test(v6_counts_by_64),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
