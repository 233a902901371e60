// SPDX-License-Identifier: GPL-3.0-or-later
/* What keeps mail from leaving, by what the queue says of it. */
#include "test.h"

#include "queue/outward.h"
#include "queue/queue_list.h"
#include "queue/queue_view.h"

#define NOW  INT64_C(1795515240)
#define HOST "smtp.provider.example[192.0.2.25]"

#define TIMEOUT(name)  "connect to " name "[192.0.2.1]:25: Connection timed out"
#define SUSPENDED(why) "delivery temporarily suspended: " why

static void reasons_say_what_is_wrong(void **state _unused_)
{
	static const struct {
		const char *reason;
		enum outward_fault fault;
	} cases[] = {
	    {"SASL authentication failed; server " HOST " said: 535 5.7.8 not you", OUTWARD_LOGIN},
	    {"SASL authentication failed; cannot authenticate to server " HOST
	     ": no mechanism available",
	     OUTWARD_LOGIN},
	    {"host " HOST
	     " said: 530 5.7.0 Authentication required (in reply to MAIL FROM command)",
	     OUTWARD_LOGIN},
	    {"host " HOST " said: 554 5.7.1 <a@far.example>: Relay access denied (in reply to RCPT "
	     "TO command)",
	     OUTWARD_LOGIN},
	    {"host " HOST " said: 550 relaying not allowed", OUTWARD_LOGIN},
	    {"host " HOST " said: 451 4.7.1 greylisted, connect to us later", OUTWARD_NONE},
	    {"host " HOST " said: 450 4.2.0 TLS is required, but you have none", OUTWARD_NONE},
	    {"host " HOST " refused to talk to me: 550 5.7.1 your address is on a list",
	     OUTWARD_REFUSED},
	    {"Server certificate not verified", OUTWARD_CERTIFICATE},
	    {"Server certificate not trusted", OUTWARD_CERTIFICATE},
	    {"TLS is required, but was not offered by host " HOST, OUTWARD_CLEAR},
	    {"Cannot start TLS: handshake failure", OUTWARD_CLEAR},
	    {"connect to " HOST ":587: Connection refused", OUTWARD_SILENT},
	    {SUSPENDED("connect to " HOST ":587: Connection refused"), OUTWARD_SILENT},
	    {"lost connection with " HOST " while receiving the initial server greeting",
	     OUTWARD_SILENT},
	    {"Host or domain name not found. Name service error for name=smtp.provider.example "
	     "type=A: Host not found, try again",
	     OUTWARD_SILENT},
	    {"", OUTWARD_NONE},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (outward_fault_of(cases[i].reason) != cases[i].fault)
			fail_msg("%s: %d", cases[i].reason, outward_fault_of(cases[i].reason));
}

/* The administrator's to mend: no message goes back for it, however long it takes. */
static void a_refused_login_is_waited_for(void **state _unused_)
{
	assert_true(queue_kind_of("SASL authentication failed; server " HOST " said: 535 no").ours);
	assert_false(queue_kind_of("connect to " HOST ":587: Connection refused").ours);
}

/* A message of the queue that came `age` seconds ago. */
static void add(struct outward *outward, int64_t age, const char *reason)
{
	json_t *message =
	    json_pack("{s:I, s:[{s:s, s:s}]}", "arrival_time", (json_int_t)(NOW - age),
		      "recipients", "address", "a@far.example", "delay_reason", reason);

	assert_non_null(message);
	outward_add(outward, message);
	json_decref(message);
}

static void three_servers_unreached_for_an_hour_are_a_block(void **state _unused_)
{
	struct outward outward = {.now = NOW};

	add(&outward, 4000, TIMEOUT("mx.a.example"));
	add(&outward, 4100, TIMEOUT("mx.a.example")); /* the same once more */
	add(&outward, 5000, "connect to 192.0.2.9[192.0.2.9]:25: Network is unreachable");
	assert_false(outward_is_blocked(&outward, 0));
	add(&outward, 3500, TIMEOUT("mx.c.example")); /* not for so long */
	assert_false(outward_is_blocked(&outward, 0));
	add(&outward, 3600, SUSPENDED("connect to mx.c.example[2001:db8::1]:25: No route to host"));
	assert_true(outward_is_blocked(&outward, 0));

	/* what left since then was no exception */
	assert_true(outward_is_blocked(&outward, NOW - 5001));
	assert_false(outward_is_blocked(&outward, NOW - 5000));
	assert_false(outward_is_blocked(&outward, NOW - 60));
}

static void other_reasons_are_no_block(void **state _unused_)
{
	struct outward outward = {.now = NOW};

	add(&outward, 9000, "connect to mx.a.example[192.0.2.1]:25: Connection refused");
	add(&outward, 9000, "connect to mx.b.example[192.0.2.1]:587: Connection timed out");
	add(&outward, 9000, "connect to 127.0.0.1[127.0.0.1]:10024: Connection timed out");
	add(&outward, 9000, "host mx.c.example[192.0.2.1] said: 450 " TIMEOUT("mx.c.example"));
	add(&outward, 9000, "connect to mx.d.example");
	add(&outward, 9000, TIMEOUT("mx.e.example") " (and more)");
	assert_int_equal(outward.place_count, 0);
}

/* However many there are: the newest are kept, for they are what counts. */
static void places_have_a_limit(void **state _unused_)
{
	struct outward outward = {.now = NOW};
	char reason[256];

	for (int i = 0; i < 100; i++) {
		snprintf(reason, sizeof(reason), TIMEOUT("mx%d.example"), i);
		add(&outward, 90000 - i, reason);
	}
	assert_int_equal(outward.place_count, OUTWARD_PLACES);
	assert_true(outward_is_blocked(&outward, NOW - 90000 + 96));
	assert_false(outward_is_blocked(&outward, NOW - 90000 + 97));
	snprintf(reason, sizeof(reason), "connect to %090d[192.0.2.1]:25: Connection timed out", 0);
	add(&outward, 80000, reason);
	assert_int_equal(outward.place_count, OUTWARD_PLACES);
}

static void sentences_say_what_to_do(void **state _unused_)
{
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT, nothing = BUFFER_INIT;
	struct outward outward = {.now = NOW};

	assert_false(outward_say_smarthost(&outward, "smtp.provider.example", &nothing));
	assert_false(outward_say_blocked(&outward, 0, &nothing));
	assert_int_equal(nothing.size, 0);
	add(&outward, 10, "connect to 127.0.0.1[127.0.0.1]:10024: Connection refused");
	assert_false(outward_say_smarthost(&outward, "smtp.provider.example", &nothing));
	add(&outward, 10, "connect to " HOST ":587: Connection refused");
	add(&outward, 20, "SASL authentication failed; server " HOST " said: 535 no");
	add(&outward, 20, "SASL authentication failed; server " HOST " said: 535 no");
	assert_true(outward_say_smarthost(&outward, "smtp.provider.example", &text));
	assert_string_equal(buffer_text(&text),
			    "the smarthost smtp.provider.example does not take this machine's "
			    "login; write the right smarthost.user and smarthost.password (2 "
			    "messages wait for it)");
}

/* Of what Postfix prints, with the reasons that people are shown. */
static void the_view_has_it_too(void **state _unused_)
{
	static const char line[] =
	    "{\"queue_name\": \"deferred\", \"queue_id\": \"4dNbB71gRzz9rym\", \"arrival_time\": "
	    "1795515200, \"recipients\": [{\"address\": \"a@far.example\", \"delay_reason\": "
	    "\"SASL authentication failed; server x said: 535 no\"}]}\n";
	struct queue_view view = {.outward.now = NOW};

	queue_view_parse(SLICE(line), &view);
	assert_int_equal(view.outward.faults[OUTWARD_LOGIN], 1);
	assert_string_equal(view.reasons[0].what, "for the smarthost: it refuses the login");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reasons_say_what_is_wrong),
	    cmocka_unit_test(a_refused_login_is_waited_for),
	    cmocka_unit_test(three_servers_unreached_for_an_hour_are_a_block),
	    cmocka_unit_test(other_reasons_are_no_block),
	    cmocka_unit_test(places_have_a_limit),
	    cmocka_unit_test(sentences_say_what_to_do),
	    cmocka_unit_test(the_view_has_it_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
