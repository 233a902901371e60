// SPDX-License-Identifier: GPL-3.0-or-later
/* What keeps mail from leaving, by what the queue says of it. */
#include "test.h"

#include "queue/leaving.h"
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
		enum leaving_fault fault;
	} cases[] = {
	    {"SASL authentication failed; server " HOST " said: 535 5.7.8 not you", LEAVING_LOGIN},
	    {"SASL authentication failed; cannot authenticate to server " HOST
	     ": no mechanism available",
	     LEAVING_LOGIN},
	    {"host " HOST
	     " said: 530 5.7.0 Authentication required (in reply to MAIL FROM command)",
	     LEAVING_LOGIN},
	    {"host " HOST " said: 554 5.7.1 <a@far.example>: Relay access denied (in reply to RCPT "
	     "TO command)",
	     LEAVING_LOGIN},
	    {"host " HOST " said: 550 relaying not allowed", LEAVING_LOGIN},
	    {"host " HOST " said: 451 4.7.1 greylisted, connect to us later", LEAVING_NONE},
	    {"host " HOST " said: 450 4.2.0 TLS is required, but you have none", LEAVING_NONE},
	    {"host " HOST " refused to talk to me: 550 5.7.1 your address is on a list",
	     LEAVING_REFUSED},
	    {"Server certificate not verified", LEAVING_CERTIFICATE},
	    {"Server certificate not trusted", LEAVING_CERTIFICATE},
	    {"TLS is required, but was not offered by host " HOST, LEAVING_CLEAR},
	    {"Cannot start TLS: handshake failure", LEAVING_CLEAR},
	    {"connect to " HOST ":587: Connection refused", LEAVING_SILENT},
	    {SUSPENDED("connect to " HOST ":587: Connection refused"), LEAVING_SILENT},
	    {"lost connection with " HOST " while receiving the initial server greeting",
	     LEAVING_SILENT},
	    {"Host or domain name not found. Name service error for name=smtp.provider.example "
	     "type=A: Host not found, try again",
	     LEAVING_SILENT},
	    {"", LEAVING_NONE},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (leaving_fault_of(cases[i].reason) != cases[i].fault)
			fail_msg("%s: %d", cases[i].reason, leaving_fault_of(cases[i].reason));
}

/* The administrator's to mend: no message goes back for it, however long it takes. */
static void a_refused_login_is_waited_for(void **state _unused_)
{
	assert_true(queue_kind_of("SASL authentication failed; server " HOST " said: 535 no").ours);
	assert_false(queue_kind_of("connect to " HOST ":587: Connection refused").ours);
}

/* A message of the queue that came `age` seconds ago. */
static void add(struct leaving *leaving, int64_t age, const char *reason)
{
	json_t *message =
	    json_pack("{s:I, s:[{s:s, s:s}]}", "arrival_time", (json_int_t)(NOW - age),
		      "recipients", "address", "a@far.example", "delay_reason", reason);

	assert_non_null(message);
	leaving_add(leaving, message);
	json_decref(message);
}

static void three_servers_unreached_for_an_hour_are_a_block(void **state _unused_)
{
	struct leaving leaving = {.now = NOW};

	add(&leaving, 4000, TIMEOUT("mx.a.example"));
	add(&leaving, 4100, TIMEOUT("mx.a.example")); /* the same once more */
	add(&leaving, 5000, "connect to 192.0.2.9[192.0.2.9]:25: Network is unreachable");
	assert_false(leaving_is_blocked(&leaving, 0));
	add(&leaving, 3500, TIMEOUT("mx.c.example")); /* not for so long */
	assert_false(leaving_is_blocked(&leaving, 0));
	add(&leaving, 3600, SUSPENDED("connect to mx.c.example[2001:db8::1]:25: No route to host"));
	assert_true(leaving_is_blocked(&leaving, 0));

	/* what left since then was no exception */
	assert_true(leaving_is_blocked(&leaving, NOW - 5001));
	assert_false(leaving_is_blocked(&leaving, NOW - 5000));
	assert_false(leaving_is_blocked(&leaving, NOW - 60));
}

static void other_reasons_are_no_block(void **state _unused_)
{
	struct leaving leaving = {.now = NOW};

	add(&leaving, 9000, "connect to mx.a.example[192.0.2.1]:25: Connection refused");
	add(&leaving, 9000, "connect to mx.b.example[192.0.2.1]:587: Connection timed out");
	add(&leaving, 9000, "connect to 127.0.0.1[127.0.0.1]:10024: Connection timed out");
	add(&leaving, 9000, "host mx.c.example[192.0.2.1] said: 450 " TIMEOUT("mx.c.example"));
	add(&leaving, 9000, "connect to mx.d.example");
	add(&leaving, 9000, TIMEOUT("mx.e.example") " (and more)");
	assert_int_equal(leaving.place_count, 0);
}

/* However many there are: the newest are kept, for they are what counts. */
static void places_have_a_limit(void **state _unused_)
{
	struct leaving leaving = {.now = NOW};
	char reason[256];

	for (int i = 0; i < 100; i++) {
		snprintf(reason, sizeof(reason), TIMEOUT("mx%d.example"), i);
		add(&leaving, 90000 - i, reason);
	}
	assert_int_equal(leaving.place_count, LEAVING_PLACES);
	assert_true(leaving_is_blocked(&leaving, NOW - 90000 + 96));
	assert_false(leaving_is_blocked(&leaving, NOW - 90000 + 97));
	snprintf(reason, sizeof(reason), "connect to %090d[192.0.2.1]:25: Connection timed out", 0);
	add(&leaving, 80000, reason);
	assert_int_equal(leaving.place_count, LEAVING_PLACES);
}

static void sentences_say_what_to_do(void **state _unused_)
{
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT, nothing = BUFFER_INIT;
	struct leaving leaving = {.now = NOW};

	assert_false(leaving_say_smarthost(&leaving, "smtp.provider.example", &nothing));
	assert_false(leaving_say_blocked(&leaving, 0, &nothing));
	assert_int_equal(nothing.size, 0);
	add(&leaving, 10, "connect to 127.0.0.1[127.0.0.1]:10024: Connection refused");
	assert_false(leaving_say_smarthost(&leaving, "smtp.provider.example", &nothing));
	add(&leaving, 10, "connect to " HOST ":587: Connection refused");
	add(&leaving, 20, "SASL authentication failed; server " HOST " said: 535 no");
	add(&leaving, 20, "SASL authentication failed; server " HOST " said: 535 no");
	assert_true(leaving_say_smarthost(&leaving, "smtp.provider.example", &text));
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
	struct queue_view view = {.leaving.now = NOW};

	queue_view_parse(SLICE(line), &view);
	assert_int_equal(view.leaving.faults[LEAVING_LOGIN], 1);
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
