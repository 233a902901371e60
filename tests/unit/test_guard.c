// SPDX-License-Identifier: GPL-3.0-or-later
/* The guard's judgement, and what it reads: of Dovecot, of the journal, of its own file. */
#include "test.h"

#include <errno.h>
#include <time.h>

#include "base/json_file.h"
#include "guard/control.h"
#include "guard/judge.h"
#include "guard/line.h"
#include "guard/login.h"
#include "guard/never.h"
#include "guard/state.h"
#include "net/http_serve.h"

#define NOW INT64_C(1795500000)

static int make_judge(void **state)
{
	struct judge *judge = malloc(sizeof(*judge));

	*state = judge;
	return judge && judge_init(judge, JUDGE_AFTER, NULL) == 0 ? 0 : -1;
}

static int free_judge(void **state)
{
	judge_clear(*state);
	free(*state);
	return 0;
}

#define judge_test(function) cmocka_unit_test_setup_teardown(function, make_judge, free_judge)

static struct network network(const char *text)
{
	struct network taken;

	assert_true(network_take(slice_of(text), &taken));
	return taken;
}

static const char *printed(const char *text)
{
	static char again[NETWORK_TEXT];
	struct network taken = network(text);

	network_print(&taken, again);
	return again;
}

static void an_address_is_an_address_and_ipv6_a_network(void **state _unused_)
{
	static const char *const NONE[] = {
	    "",		  "192.0.2",   "192.0.2.1/24", "fe80::1%eth0", "::1/32",
	    "192.0.2.1x", "localhost", "1.2.3.4/33",   "a::b/-1",      "2001:db8::/64x"};
	struct network taken;

	assert_string_equal(printed("192.0.2.1"), "192.0.2.1");
	assert_string_equal(printed("192.0.2.1/32"), "192.0.2.1");
	assert_string_equal(printed("::ffff:192.0.2.1"), "192.0.2.1");
	assert_string_equal(printed("2001:db8:0:1:dead:beef::1"), "2001:db8:0:1::/64");
	assert_string_equal(printed("2001:db8:0:1::/64"), "2001:db8:0:1::/64");
	for (size_t i = 0; i < ARRAY_SIZE(NONE); i++)
		assert_false(network_take(slice_of(NONE[i]), &taken));
	assert_false(network_take((struct slice){"1.2.3.4\0", 8}, &taken));
}

static void ranges_and_networks_meet(void **state _unused_)
{
	static const struct {
		const char *network, *range;
		bool meet;
	} CASES[] = {
	    {"192.0.2.1", "192.0.2.0/24", true},	 {"192.0.3.1", "192.0.2.0/24", false},
	    {"192.0.3.1", "192.0.2.0/23", true},	 {"192.0.2.1", "0.0.0.0/0", true},
	    {"2001:db8::1", "0.0.0.0/0", false},	 {"2001:db8::1", "2001:db8::/32", true},
	    {"2001:db8::1", "2001:db8::77/128", true},	 {"2001:db8:0:1::1", "2001:db8::/63", true},
	    {"2001:db8:0:2::1", "2001:db8::/63", false}, {"192.0.2.129", "192.0.2.128/25", true},
	    {"192.0.2.127", "192.0.2.128/25", false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(CASES); i++) {
		struct network one = network(CASES[i].network);
		struct network_range range;

		assert_true(network_take_range(slice_of(CASES[i].range), &range));
		assert_int_equal(network_meets(&one, &range), CASES[i].meet);
	}
}

static void a_range_has_what_is_all_of_it_in(void **state _unused_)
{
	static const struct {
		const char *outer, *inner;
		bool has;
	} CASES[] = {
	    {"192.0.2.0/24", "192.0.2.9", true},
	    {"192.0.2.9", "192.0.2.9", true},
	    {"192.0.2.8", "192.0.2.9", false},
	    {"192.0.2.0/25", "192.0.2.200", false},
	    {"192.0.2.0/24", "192.0.0.0/16", false},
	    {"0.0.0.0/0", "192.0.2.9", true},
	    {"2001:db8::7", "2001:db8::8", false},
	    {"2001:db8::/64", "2001:db8::8", true},
	    {"::/0", "192.0.2.9", false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(CASES); i++) {
		struct network_range outer, inner;

		assert_true(network_take_range(slice_of(CASES[i].outer), &outer));
		assert_true(network_take_range(slice_of(CASES[i].inner), &inner));
		assert_int_equal(network_range_has(&outer, &inner), CASES[i].has);
	}
}

/* How many of `count` different things are tried before it is one too many, one each `step`. */
static int tries(struct judge *judge, const char *from, int count, int64_t step, int64_t now)
{
	struct network one = network(from);

	for (int i = 1; i <= count; i++, now += step) {
		struct judge_try try = {.thing = (uint32_t)i};

		snprintf(try.what, sizeof(try.what), "wrong %d", i);
		if (judge_fail(judge, &one, &try, now))
			return i;
	}
	return 0;
}

static void five_different_ones_are_too_many(void **state)
{
	assert_int_equal(tries(*state, "192.0.2.1", 100, 0, NOW), 5);
	assert_int_equal(tries(*state, "192.0.2.2", 100, 8, NOW), 5);
	assert_int_equal(tries(*state, "192.0.2.3", 4, 0, NOW), 0);
	/* once in five minutes is a person */
	assert_int_equal(tries(*state, "192.0.2.4", 1000, 300, NOW), 0);
	assert_int_not_equal(tries(*state, "192.0.2.5", 1000, 60, NOW), 0);
}

static void the_same_one_counts_once(void **state)
{
	const struct judge_try last_month = {.thing = 77, .what = "wrong"};
	struct network phone = network("192.0.2.1");

	for (int i = 0; i < 1000; i++)
		assert_null(judge_fail(*state, &phone, &last_month, NOW + i / 10));
	assert_true(judged_points(judge_find(*state, &phone), NOW) < 1.01);
	/* beside it somebody mistypes */
	assert_int_equal(tries(*state, "192.0.2.1", 3, 1, NOW), 0);
}

static void what_has_no_number_counts_each_time(void **state)
{
	const struct judge_try try = {.what = "PREGREET"};
	struct network one = network("192.0.2.1");

	for (int i = 0; i < 4; i++)
		assert_null(judge_fail(*state, &one, &try, NOW));
	assert_non_null(judge_fail(*state, &one, &try, NOW));
}

static void who_logs_in_may_err_four_times_as_often(void **state)
{
	struct network office = network("192.0.2.1");

	judge_succeed(*state, &office, NOW);
	assert_int_equal(tries(*state, "192.0.2.1", 100, 0, NOW), 20);
	judge_succeed(*state, &office, NOW - JUDGE_MEMORY);
	assert_int_equal(tries(*state, "192.0.2.2", 100, 0, NOW), 5);
}

static void bans_grow_and_end(void **state)
{
	static const int64_t LENGTHS[] = {600, 2400, 9600, 38400, 153600, 604800, 604800};
	struct network one = network("2001:db8::1");
	int64_t now = NOW;

	for (size_t i = 0; i < ARRAY_SIZE(LENGTHS); i++) {
		const struct judged *judged = judge_ban(*state, &one, "so", 0, now);

		assert_int_equal(judged->until - now, LENGTHS[i]);
		assert_true(judged_is_banned(judged, judged->until - 1));
		assert_false(judged_is_banned(judged, judged->until));
		now = judged->until;
	}
	/* and begin anew after thirty days */
	now += JUDGE_MEMORY;
	assert_int_equal(judge_ban(*state, &one, "so", 0, now)->until - now, 600);
}

static void what_comes_late_makes_no_second_ban(void **state)
{
	struct network one = network("192.0.2.1");
	struct judge_try try = {.thing = 500, .what = "late"};

	assert_int_equal(tries(*state, "192.0.2.1", 100, 0, NOW), 5);
	judge_ban(*state, &one, "five", 0, NOW);
	for (; try.thing < 540; try.thing++)
		assert_null(judge_fail(*state, &one, &try, NOW));
	assert_string_equal(judge_find(*state, &one)->reason, "five");
}

static void who_is_forgiven_begins_anew(void **state)
{
	struct network one = network("192.0.2.1");

	assert_false(judge_forgive(*state, &one, NOW));
	judge_ban(*state, &one, "so", 0, NOW);
	assert_true(judge_forgive(*state, &one, NOW));
	assert_false(judge_forgive(*state, &one, NOW));
	assert_int_equal(judge_ban(*state, &one, "so", 0, NOW)->until, NOW + 600);
}

static void memory_is_bounded_and_the_banned_stay(void **state)
{
	struct judge *judge = *state;
	struct network banned = network("192.0.2.1"), one = {.family = 4};
	const struct judge_try try = {.thing = 1, .what = "x"};

	judge_ban(judge, &banned, "so", 0, NOW);
	for (uint32_t i = 0; i < JUDGE_NETWORKS + 5000; i++) {
		one.bytes[0] = 10;
		memcpy(one.bytes + 1, &i, 3);
		judge_fail(judge, &one, &try, NOW);
	}
	assert_int_equal(judge->count, JUDGE_NETWORKS);
	assert_non_null(judge_find(judge, &banned));
}

static void the_file_gives_back_what_lasts(void **state)
{
	_cleanup_free_ char *path = file_join(*state, "state");
	struct network banned = network("192.0.2.1"), good = network("2001:db8::1");
	struct network stranger = network("192.0.2.3");
	const struct judge_try try = {.thing = 1, .what = "x"};
	struct judge before, after;

	assert_int_equal(judge_init(&before, JUDGE_AFTER, NULL), 0);
	assert_int_equal(judge_init(&after, JUDGE_AFTER, NULL), 0);
	judge_ban(&before, &banned, "5 tries, the last: wrong password for a b", 0, NOW);
	judge_succeed(&before, &good, NOW);
	judge_fail(&before, &stranger, &try, NOW);
	assert_int_equal(state_read(&after, path, NOW, NULL), 0); /* none yet */
	assert_int_equal(state_write(&before, path, NOW, NULL), 0);
	assert_int_equal(state_read(&after, path, NOW + 1, NULL), 0);
	assert_int_equal(after.count, 2);
	assert_true(judged_is_banned(judge_find(&after, &banned), NOW + 599));
	assert_false(judged_is_banned(judge_find(&after, &banned), NOW + 600));
	assert_string_equal(judge_find(&after, &banned)->reason,
			    "5 tries, the last: wrong password for a b");
	assert_int_equal(judge_limit(&after, judge_find(&after, &good), NOW), 20);
	judge_clear(&before);
	judge_clear(&after);
}

static void a_damaged_file_is_read_as_far_as_it_makes_sense(void **state)
{
	static const char TEXT[] =
	    "nonsense\n192.0.2.1 1 2\n\n192.0.2.2 1795500000 9995500000 1 0 no end\n"
	    "192.0.2.3 1795500000 1795500600 1 0 good\n"
	    "192.0.2.3 1795500000 1795500601 1 0 twice\n"
	    "192.0.2.4 5 4 1 0 backwards\n192.0.2.5 1795500000 1795500600 1 0 cut";
	struct network good = network("192.0.2.3");
	struct judge *judge = *state;

	state_take(judge, SLICE(TEXT), NOW);
	assert_int_equal(judge->count, 1);
	assert_int_equal(judge_find(judge, &good)->until, NOW + 600);
}

/* ---- Dovecot ---- */

#define SAID(rest)                                                                                 \
	"{\"device_id\":\"\",\"login\":\"alice@example.org\",\"protocol\":\"imap\"," rest "}"

static enum login_outcome hear(struct judge *judge, const char *text, struct judge_try *try)
{
	_cleanup_json_ json_t *said = login_parse(slice_of(text));
	struct network from;

	return login_read(judge, said, &from, try);
}

static void logins_are_right_or_wrong_or_nobodys(void **state)
{
	static const struct {
		const char *text;
		enum login_outcome outcome;
	} CASES[] = {
	    {SAID("\"remote\":\"192.0.2.1\",\"fail_type\":\"\",\"success\":true"), LOGIN_GOOD},
	    {SAID("\"remote\":\"192.0.2.1\",\"fail_type\":\"credentials\",\"success\":false"),
	     LOGIN_WRONG},
	    {SAID("\"remote\":\"192.0.2.1\",\"fail_type\":\"account\",\"success\":false"),
	     LOGIN_WRONG},
	    {SAID("\"remote\":\"192.0.2.1\",\"fail_type\":\"internal\",\"success\":false"),
	     LOGIN_NOTHING},
	    {SAID("\"remote\":\"192.0.2.1\",\"fail_type\":\"disabled\",\"success\":false"),
	     LOGIN_NOTHING},
	    {SAID("\"remote\":\"\",\"fail_type\":\"credentials\",\"success\":false"),
	     LOGIN_NOTHING},
	    {SAID("\"remote\":\"192.0.2.1\",\"fail_type\":\"credentials\""), LOGIN_NOTHING},
	    {"", LOGIN_NOTHING},
	    {"[]", LOGIN_NOTHING},
	    {"{\"success\":true", LOGIN_NOTHING},
	};
	struct judge_try try;

	for (size_t i = 0; i < ARRAY_SIZE(CASES); i++)
		assert_int_equal(hear(*state, CASES[i].text, &try), CASES[i].outcome);
}

static void passwords_are_told_apart_by_their_hash(void **state)
{
#define WRONG(hash)                                                                                \
	SAID("\"remote\":\"192.0.2.1\",\"fail_type\":\"credentials\",\"success\":false,"           \
	     "\"pwhash\":\"" hash "\"")
	struct judge_try first, again, other;

	assert_int_equal(hear(*state, WRONG("0a1"), &first), LOGIN_WRONG);
	assert_int_equal(hear(*state, WRONG("0a1"), &again), LOGIN_WRONG);
	assert_int_equal(hear(*state, WRONG("0a2"), &other), LOGIN_WRONG);
	assert_int_equal(first.thing, again.thing);
	assert_int_not_equal(first.thing, other.thing);
	assert_string_equal(first.what, "wrong password for alice@example.org by imap");
}

/* ---- HTTP ---- */

#define HEAD "POST /?command=report HTTP/1.1\r\nHost: 127.0.0.1\r\n"

static void requests_are_taken_whole_or_not_at_all(void **state _unused_)
{
	static const struct {
		const char *text;
		enum http_took took;
	} CASES[] = {
	    {HEAD "Content-Length: 2\r\n\r\n{}", HTTP_WHOLE},
	    {HEAD "content-length:2\r\n\r\n{}POST", HTTP_WHOLE},
	    {HEAD "\r\n", HTTP_WHOLE},
	    {"GET /ping HTTP/1.0\r\n\r\n", HTTP_WHOLE},
	    {HEAD "Content-Length: 2\r\n\r\n{", HTTP_MORE},
	    {HEAD, HTTP_MORE},
	    {"", HTTP_MORE},
	    {HEAD "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}", HTTP_WRONG},
	    {HEAD "Content-Length: -2\r\n\r\n{}", HTTP_WRONG},
	    {HEAD "Content-Length: 2x\r\n\r\n{}", HTTP_WRONG},
	    {HEAD "Content-Length: 999999\r\n\r\n{}", HTTP_WRONG},
	    {HEAD "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", HTTP_WRONG},
	    {HEAD "no colon\r\n\r\n", HTTP_WRONG},
	    {"POST /\r\n\r\n", HTTP_WRONG},
	    {"POST / HTTP/2\r\n\r\n", HTTP_WRONG},
	    {"\r\n\r\n", HTTP_WRONG},
	};
	_cleanup_(buffer_free) struct buffer endless = BUFFER_INIT;
	struct http_request request;

	for (size_t i = 0; i < ARRAY_SIZE(CASES); i++)
		assert_int_equal(http_request_take(slice_of(CASES[i].text), &request),
				 CASES[i].took);
	while (endless.size <= HTTP_HEAD_LIMIT)
		buffer_add_text(&endless, HEAD);
	assert_int_equal(http_request_take((struct slice){endless.data, endless.size}, &request),
			 HTTP_WRONG);
}

static void one_request_follows_the_other(void **state _unused_)
{
	struct slice text = SLICE(HEAD "Content-Length: 2\r\n\r\n{}GET /ping HTTP/1.1\r\n"
				       "Connection: close\r\n\r\n");
	struct http_request request;

	assert_int_equal(http_request_take(text, &request), HTTP_WHOLE);
	assert_true(slice_equal(request.body, SLICE("{}")) && !request.closes);
	assert_true(slice_equal(request.target, SLICE("/?command=report")));
	text = (struct slice){text.at + request.size, text.size - request.size};
	assert_int_equal(http_request_take(text, &request), HTTP_WHOLE);
	assert_true(slice_equal(request.target, SLICE("/ping")) && request.closes);
	assert_int_equal(request.size, text.size);
}

/* ---- The journal ---- */

static void lines_tell_who_tried(void **state)
{
	static const struct {
		enum line_source source;
		const char *text, *from; /* NULL: nobody */
	} CASES[] = {
	    {LINE_SSHD, "Failed password for root from 192.0.2.1 port 5022 ssh2", "192.0.2.1"},
	    {LINE_SSHD, "Invalid user admin from 192.0.2.1 port 5022", "192.0.2.1"},
	    {LINE_SSHD, "Invalid user  from 2001:db8::7 port 5022", "2001:db8::/64"},
	    {LINE_SSHD, "Connection closed by authenticating user root 192.0.2.1 port 9 [preauth]",
	     "192.0.2.1"},
	    {LINE_SSHD, "Disconnected from authenticating user root 192.0.2.1 port 9 [preauth]",
	     "192.0.2.1"},
	    /* a name that looks like a line */
	    {LINE_SSHD, "Invalid user x from 203.0.113.9 port 1 from 192.0.2.1 port 5022",
	     "192.0.2.1"},
	    {LINE_SSHD,
	     "Failed password for x from 203.0.113.9 port 1 ssh2 from 192.0.2.1 port 2 ssh2",
	     "192.0.2.1"},
	    {LINE_POSTSCREEN, "PREGREET 11 after 0.02 from [192.0.2.1]:4711: EHLO x\\r\\n",
	     "192.0.2.1"},
	    {LINE_POSTSCREEN,
	     "PREGREET 11 after 0.02 from [192.0.2.1]:4711: from [203.0.113.9]:1: ", "192.0.2.1"},
	    /* said already, or somebody's success, or nobody's */
	    {LINE_SSHD, "Failed password for invalid user admin from 192.0.2.1 port 5022 ssh2",
	     NULL},
	    {LINE_SSHD, "Connection closed by invalid user x 192.0.2.1 port 9 [preauth]", NULL},
	    {LINE_SSHD, "Accepted publickey for root from 192.0.2.1 port 5022 ssh2: RSA x", NULL},
	    {LINE_SSHD, "Invalid user admin from somewhere port 5022", NULL},
	    {LINE_SSHD, "Invalid user admin from 192.0.2.1 port 99999", NULL},
	    {LINE_SSHD, "PREGREET 11 after 0.02 from [192.0.2.1]:4711: EHLO x", NULL},
	    {LINE_POSTSCREEN, "CONNECT from [192.0.2.1]:4711 to [192.0.2.2]:25", NULL},
	    {LINE_POSTSCREEN, "Invalid user admin from 192.0.2.1 port 5022", NULL},
	    {LINE_POSTSCREEN, "PREGREET 11 after 0.02 from [x]:4711: [192.0.2.1]:1: ", NULL},
	};
	struct judge_try try;

	for (size_t i = 0; i < ARRAY_SIZE(CASES); i++) {
		char from[NETWORK_TEXT];
		struct network found;
		bool told =
		    line_read(*state, CASES[i].source, slice_of(CASES[i].text), &found, &try);

		assert_int_equal(told, CASES[i].from != NULL);
		if (!told)
			continue;
		network_print(&found, from);
		assert_string_equal(from, CASES[i].from);
	}
}

static void one_key_that_is_not_known_counts_once(void **state)
{
	static const char LINE[] =
	    "Connection closed by authenticating user root 192.0.2.1 port 9 [preauth]";
	struct network found;
	struct judge_try try;

	for (int i = 0; i < 50; i++) {
		assert_true(line_read(*state, LINE_SSHD, SLICE(LINE), &found, &try));
		assert_null(judge_fail(*state, &found, &try, NOW));
	}
}

/* ---- Who is never banned ---- */

static void routers_are_read(void **state _unused_)
{
	char text[NETWORK_TEXT];
	struct network router;

	assert_true(never_read_route(SLICE("eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0"),
				     &router));
	network_print(&router, text);
	assert_string_equal(text, "192.0.2.1");
	assert_false(
	    never_read_route(SLICE("eth0\t000200C0\t00000000\t0001\t0\t0\t0\t0"), &router));
	assert_false(never_read_route(SLICE("Iface\tDestination\tGateway \tFlags"), &router));
	assert_true(never_read_route6(SLICE("00000000000000000000000000000000 00 "
					    "00000000000000000000000000000000 00 "
					    "20010db8000000000000000000000001 00000400 0 0 0 eth0"),
				      &router));
	network_print(&router, text);
	assert_string_equal(text, "2001:db8::/64");
	assert_false(never_read_route6(SLICE("nothing of the kind"), &router));
}

static void the_machine_itself_is_never_banned(void **state _unused_)
{
	struct never never = {.count = 0};
	struct network own = network("127.1.2.3"), own6 = network("::1");
	struct network office = network("192.0.2.77"), other = network("198.51.100.7");

	assert_int_equal(never_look(&never, NULL), 0);
	assert_non_null(never_reason(&never, &own));
	assert_non_null(never_reason(&never, &own6));
	assert_null(never_reason(&never, &office));
	assert_int_equal(never_add(&never, "192.0.2.0/24", NULL), 0);
	assert_string_equal(never_reason(&never, &office), "it is in ban.never of the settings");
	assert_null(never_reason(&never, &other));
	assert_int_equal(never_add(&never, "192.0.2.0/99", NULL), -EINVAL);
	while (never.count < NEVER_RANGES)
		assert_int_equal(never_add(&never, "192.0.2.1", NULL), 0);
	assert_int_equal(never_add(&never, "192.0.2.1", NULL), -E2BIG);
	never_clear(&never);
}

/* ---- postcask ban ---- */

static void assert_answer(struct guard *guard, const char *question, const char *answer)
{
	_cleanup_free_ char *said = control_answer(guard, slice_of(question));

	assert_non_null(strstr(said, answer));
}

static void questions_have_answers(void **state)
{
	struct guard guard = {.judge = *(struct judge *)*state};
	struct network banned = network("198.51.100.7");

	judge_ban(&guard.judge, &banned, "so", 0, (int64_t)time(NULL));
	assert_answer(&guard, "{\"do\":\"list\"}", "{\"bans\":[{\"address\":\"198.51.100.7\"");
	assert_answer(&guard, "{\"do\":\"why\",\"address\":\"198.51.100.7\"}", "\"banned\":true");
	assert_answer(&guard, "{\"do\":\"why\",\"address\":\"198.51.100.8\"}", "\"banned\":false");
	assert_answer(&guard, "{\"do\":\"why\",\"address\":\"127.0.0.1\"}", "machine's own");
	assert_answer(&guard, "{\"do\":\"why\",\"address\":\"x\"}", "x is no address; write one");
	assert_answer(&guard, "{\"do\":\"remove\",\"address\":\"198.51.100.8\"}", "is not banned");
	assert_answer(&guard, "{\"do\":\"add\",\"address\":\"127.0.0.1\"}",
		      "is never banned: it is");
	assert_answer(&guard, "{\"do\":\"add\",\"address\":\"198.51.100.8\",\"seconds\":-1}",
		      "a ban has an end");
	assert_answer(&guard, "{\"do\":\"dance\"}", "no question");
	assert_answer(&guard, "not JSON", "no question");
	*(struct judge *)*state = guard.judge;
	never_clear(&guard.never);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_address_is_an_address_and_ipv6_a_network),
	    cmocka_unit_test(ranges_and_networks_meet),
	    cmocka_unit_test(a_range_has_what_is_all_of_it_in),
	    judge_test(five_different_ones_are_too_many),
	    judge_test(the_same_one_counts_once),
	    judge_test(what_has_no_number_counts_each_time),
	    judge_test(who_logs_in_may_err_four_times_as_often),
	    judge_test(bans_grow_and_end),
	    judge_test(what_comes_late_makes_no_second_ban),
	    judge_test(who_is_forgiven_begins_anew),
	    judge_test(memory_is_bounded_and_the_banned_stay),
	    folder_test(the_file_gives_back_what_lasts),
	    judge_test(a_damaged_file_is_read_as_far_as_it_makes_sense),
	    judge_test(logins_are_right_or_wrong_or_nobodys),
	    judge_test(passwords_are_told_apart_by_their_hash),
	    cmocka_unit_test(requests_are_taken_whole_or_not_at_all),
	    cmocka_unit_test(one_request_follows_the_other),
	    judge_test(lines_tell_who_tried),
	    judge_test(one_key_that_is_not_known_counts_once),
	    cmocka_unit_test(routers_are_read),
	    cmocka_unit_test(the_machine_itself_is_never_banned),
	    judge_test(questions_have_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
