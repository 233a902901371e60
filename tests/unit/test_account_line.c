// SPDX-License-Identifier: GPL-3.0-or-later
/* The daemons' log lines, taken apart; and what strangers write into them. */
#include "test.h"

#include <errno.h>
#include <time.h>

#include "base/when.h"
#include "ledger/line.h"

static const struct line_account account_rows[] = {{"root", 0}, {"postfix", 421}, {"amavis", 425}};
static const struct line_accounts accounts = {account_rows, ARRAY_SIZE(account_rows)};

static struct line parse(const char *identifier, uint32_t uid, const char *text)
{
	struct line line;

	line_parse(line_writer(&accounts, slice_of(identifier), uid), slice_of(identifier),
		   slice_of(text), &line);
	return line;
}

#define assert_slice(slice, text)                                                                  \
	do {                                                                                       \
		char copy_[512];                                                                   \
		slice_copy(slice, copy_, sizeof(copy_));                                           \
		assert_string_equal(copy_, text);                                                  \
	} while (0)

static void takes_clients(void **state)
{
	struct line line = parse("postfix/submission/smtpd", 421,
				 "4jYfJp1KkWz7j: client=unknown[10.63.20.1], sasl_method=PLAIN, "
				 "sasl_username=alice@example.org");

	(void)state;
	assert_int_equal(line.kind, LINE_CLIENT);
	assert_slice(line.id, "4jYfJp1KkWz7j");
	assert_slice(line.service, "submission");
	assert_slice(line.client, "unknown[10.63.20.1]");
	assert_slice(line.login, "alice@example.org");
	assert_false(line.from_filter);
	line = parse("postfix/filtered/smtpd", 421,
		     "DC4DE21A: client=localhost[127.0.0.1], orig_queue_id=77974203, "
		     "orig_client=unknown[10.63.20.1]");
	assert_true(line.from_filter && line.forwarded);
	assert_slice(line.origin_id, "77974203");
	line = parse("postfix/srs/smtpd", 421,
		     "4jdBgh0QYrz9V: client=localhost[127.0.0.1], orig_queue_id=77974203, "
		     "orig_client=unknown[10.63.20.1]");
	assert_true(line.around && line.from_filter && line.forwarded);
	assert_slice(line.origin_id, "77974203");
	/* only our own way back from the filter may say what the message was before */
	line = parse("postfix/smtpd", 421,
		     "DC4DE21A: client=localhost[127.0.0.1], orig_queue_id=77974203");
	assert_int_equal(line.kind, LINE_CLIENT);
	assert_int_equal(line.origin_id.size, 0);
	line = parse("postfix/pickup", 421, "86359210: uid=0 from=<root> orig_id=77974203");
	assert_int_equal(line.kind, LINE_PICKUP);
	assert_slice(line.from, "root");
	assert_slice(line.origin_id, "77974203");
}

/* What is said of those who have no smtpd yet, in their words too, is of no message. */
static void leaves_the_door_alone(void **state)
{
	static const struct {
		const char *identifier, *text;
	} lines[] = {
	    {"postfix/postscreen", "CONNECT from [192.0.2.1]:49152 to [192.0.2.2]:25"},
	    {"postfix/postscreen", "PASS NEW [192.0.2.1]:49152"},
	    {"postfix/postscreen",
	     "PREGREET 21 after 0.05 from [192.0.2.1]:1: 77974203: removed\\r"},
	    {"postfix/postscreen",
	     "NOQUEUE: reject: RCPT from [192.0.2.1]:1: 550 5.5.1 Protocol error; from=<a@b.c>, "
	     "to=<77974203: removed@b.c>, proto=ESMTP, helo=<77974203:>"},
	    {"postfix/postscreen",
	     "NOQUEUE: reject: CONNECT from [192.0.2.1]:1: too many connections"},
	    {"postfix/postscreen", "DISCONNECT [192.0.2.1]:49152"},
	    {"postfix/dnsblog", "addr 192.0.2.1 listed by domain list.example as 127.0.0.2"},
	    {"postfix/tlsproxy", "CONNECT from [192.0.2.1]:49152"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct line line = parse(lines[i].identifier, 421, lines[i].text);

		assert_int_equal(line.kind, LINE_NONE);
		assert_int_equal(line.id.size, 0);
	}
}

static void takes_the_queue(void **state)
{
	struct line line =
	    parse("postfix/qmgr", 421, "77974203: from=<a@b.c>, size=443, nrcpt=2 (queue active)");

	(void)state;
	assert_int_equal(line.kind, LINE_ACTIVE);
	assert_slice(line.from, "a@b.c");
	assert_int_equal(line.size, 443);
	assert_int_equal(line.recipients, 2);
	line =
	    parse("postfix/qmgr", 421, "77974203: from=<a@b>, status=expired, returned to sender");
	assert_int_equal(line.kind, LINE_EXPIRED);
	assert_int_equal(parse("postfix/qmgr", 421, "77974203: removed").kind, LINE_REMOVED);
	assert_int_equal(parse("postfix/postsuper", 421, "77974203: removed").kind, LINE_DELETED);
	assert_int_equal(parse("postfix/submission/smtpd", 421,
			       "77974203: hold: DATA from x[192.0.2.1]: <DATA>: Data command "
			       "sending is held; from=<a@b.example> to=<c@d.example>")
			     .kind,
			 LINE_HELD);
	assert_int_equal(parse("postfix/postsuper", 421, "77974203: placed on hold").kind,
			 LINE_HELD);
	line = parse("postfix/qmgr", 421,
		     "warning: saving corrupt file \"77974203\" from queue \"active\" to queue "
		     "\"corrupt\"");
	assert_int_equal(line.kind, LINE_CORRUPT);
	assert_slice(line.id, "77974203");
	line = parse("postfix/bounce", 421, "25CA923C: sender non-delivery notification: 287DD247");
	assert_int_equal(line.kind, LINE_NOTICE);
	assert_slice(line.other_id, "287DD247");
	assert_int_equal(parse("postfix/smtpd", 421, "NOQUEUE: reject: RCPT from x").kind,
			 LINE_NONE);
}

static void takes_deliveries(void **state)
{
	struct line line =
	    parse("postfix/amavis/smtp", 421,
		  "77974203: to=<alice@example.org>, relay=127.0.0.1[127.0.0.1]:10024, conn_use=2, "
		  "delay=0.46, delays=0/0/0.03/0.43, dsn=2.0.0, status=sent (250 2.0.0 from "
		  "MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as DC4DE21A)");

	(void)state;
	assert_int_equal(line.kind, LINE_DELIVERY);
	assert_int_equal(line.status, STATUS_SENT);
	assert_true(line.to_filter);
	assert_slice(line.other_id, "DC4DE21A");
	assert_slice(line.dsn, "2.0.0");
	line =
	    parse("postfix/srs/smtp", 421,
		  "DC4DE21A: to=<a@b>, orig_to=<c@d>, relay=127.0.0.1[127.0.0.1]:10030, dsn=2.0.0, "
		  "status=sent (250 2.0.0 Ok: queued as 4jdBgh0QYrz9V)");
	assert_true(line.around && line.to_filter);
	assert_slice(line.other_id, "4jdBgh0QYrz9V");
	line = parse("postfix/amavis/smtp", 421,
		     "7A137206: to=<a@b>, relay=x, dsn=2.7.0, status=sent (250 2.7.0 Ok, "
		     "discarded, id=00358-05 - INFECTED: Eicar, id=1-2)");
	assert_int_equal(line.other_id.size, 0);
	assert_slice(line_answer_filter_id(line.text), "00358-05");
	/* what another server answers names no message of ours */
	line = parse("postfix/smtp", 421,
		     "7A137206: to=<a@b>, orig_to=<c@d>, relay=mx.b[1.2.3.4]:25, dsn=2.0.0, "
		     "status=sent (250 Ok: queued as DC4DE21A)");
	assert_int_equal(line.other_id.size, 0);
	assert_slice(line.original_to, "c@d");
	assert_slice(line.relay, "mx.b[1.2.3.4]:25");
	line = parse("postfix/error", 421, "7A137206: to=<a@b>, relay=none, status=bounced (no)");
	assert_int_equal(line.status, STATUS_BOUNCED);
	assert_slice(line.text, "no");
}

static void takes_the_filter(void **state)
{
	struct line line = parse(
	    "amavis", 425,
	    "(00392-03) Blocked INFECTED {DiscardedInbound,Quarantined}, Queue-ID: 4jYfJp13wgz7d, "
	    "mail_id: 8VzoC-tp_miw, quarantine: virus-8VzoC-tp_miw, Hits: -, size: 511, took: 85 "
	    "ms, <a@b> -> <c@d>, Message-ID: <m@x>, reason: Eicar");

	(void)state;
	assert_int_equal(line.kind, LINE_SCANNED);
	assert_true(line.blocked);
	assert_slice(line.filter_id, "00392-03");
	assert_slice(line.verdict, "INFECTED");
	assert_slice(line.id, "4jYfJp13wgz7d");
	assert_slice(line.quarantine, "virus-8VzoC-tp_miw");
	assert_int_equal(line.milliseconds, 85);
	assert_slice(line.from, "a@b");
	assert_slice(line.to, "c@d");
	assert_slice(line.reason, "Eicar");
	line = parse("amavis", 425,
		     "(00385-05) Passed CLEAN {RelayedInternal}, mail_id: 5-I5, Hits: 1.206, size: "
		     "266, queued_as: 4jYfJr6sJWzBK, took: 531 ms, auth: dkim=pass:x.example "
		     "spf=none dmarc=fail:x.example/reject, <r@x> -> <a@y>");
	assert_slice(line.score, "1.206");
	assert_slice(line.other_id, "4jYfJr6sJWzBK");
	assert_slice(line.from, "r@x");
	assert_slice(line.to, "a@y");
	line = parse("dovecot", 0,
		     "lmtp(alice@example.org)<499><UechOGNjBWvzAQ:R2>: sieve: msgid=<x stored mail "
		     "into mailbox 'A'>: fileinto action: stored mail into mailbox 'Spam'");
	assert_int_equal(line.kind, LINE_STORED);
	assert_slice(line.session, "UechOGNjBWvzAQ:R2");
	assert_slice(line.text, "Spam");
	line =
	    parse("postcask-quarantine", 0, "release id=8VzoC-1 queue=4jYfJp13wgz7d recipients=1");
	assert_int_equal(line.kind, LINE_RELEASED);
	assert_slice(line.quarantine, "8VzoC-1");
	assert_slice(line.other_id, "4jYfJp13wgz7d");
	assert_slice(line_quarantine_id(SLICE("virus-8VzoC-1")), "8VzoC-1");
	assert_int_equal(parse("postcask-quarantine", 0, "delete id=x by=root").kind,
			 LINE_DESTROYED);
	assert_slice(parse("postcask-account", 0, "settled 7A137206 by root").id, "7A137206");
}

/* Whoever writes such a line is who the journal says, whatever it calls itself. */
static void believes_no_other_writer(void **state)
{
	(void)state;
	assert_int_equal(parse("postfix/qmgr", 1000, "77974203: removed").kind, LINE_NONE);
	assert_int_equal(parse("postfix/qmgr", 425, "77974203: removed").kind, LINE_NONE);
	assert_int_equal(parse("postfix/postsuper", 425, "77974203: removed").kind, LINE_NONE);
	assert_int_equal(parse("amavis", 421, "(1) Passed CLEAN {x}").kind, LINE_NONE);
	assert_int_equal(parse("postcask-account", 450, "settled 7A137206").kind, LINE_NONE);
	assert_int_equal(parse("dovecot", 421, "lmtp(a)<1><b>: sieve: stored mail").kind,
			 LINE_NONE);
}

static void is_not_misled_by_text(void **state)
{
	struct line line = parse("postfix/cleanup", 421,
				 "77974203: message-id=<x>, 7A137206: removed status=sent (ok)>");

	(void)state;
	assert_int_equal(line.kind, LINE_MESSAGE_ID);
	assert_slice(line.message_id, "x>, 7A137206: removed status=sent (ok)");
	line =
	    parse("postfix/lmtp", 421,
		  "77974203: to=<\"a>, relay=x, status=sent (250\\\"\"@example.org>, relay=none, "
		  "dsn=4.0.0, status=deferred (no, status=sent (250 ok))");
	assert_int_equal(line.kind, LINE_DELIVERY);
	assert_slice(line.to, "\"a>, relay=x, status=sent (250\\\"\"@example.org");
	assert_int_equal(line.status, STATUS_DEFERRED);
	line = parse("postfix/qmgr", 421,
		     "77974203: from=<\"x>, status=expired\"@b>, size=1, nrcpt=1 (queue active)");
	assert_int_equal(line.kind, LINE_ACTIVE);
	/* the sender and the Message-ID come after all that is believed */
	line = parse("amavis", 425,
		     "(1-1) Passed CLEAN {R}, Queue-ID: AAAAAA, mail_id: m, Hits: -1, size: 1, "
		     "queued_as: BBBBBB, took: 1 ms, <\"x>, quarantine: q, Queue-ID: CCCCCC\"@b> "
		     "-> <a@b>, Message-ID: <, quarantine: q2>");
	assert_slice(line.id, "AAAAAA");
	assert_slice(line.other_id, "BBBBBB");
	assert_int_equal(line.quarantine.size, 0);
	assert_slice(line.to, "a@b");
}

static void shows_nothing_that_moves_a_cursor(void **state)
{
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;
	static const char bytes[] = "a\x1b[2J\xc2\x9b\xc3\xa9\xff\xe2\x80\xae\xe2\x82\xac\n";

	(void)state;
	slice_add(&text, SLICE(bytes), 100);
	assert_string_equal(buffer_text(&text), "a?[2J??\xc3\xa9????\xe2\x82\xac?");
	buffer_reset(&text);
	slice_add(&text, SLICE("abcdef"), 3);
	assert_string_equal(buffer_text(&text), "abc...");
}

static void understands_times(void **state)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	const time_t now = 1795514400; /* 2026-11-24 10:00 UTC */
	uint64_t time;

	(void)state;
	setenv("TZ", "UTC", 1);
	tzset();
#define assert_when(text, seconds)                                                                 \
	do {                                                                                       \
		assert_int_equal(when_parse(text, now, &time, &error), 0);                         \
		assert_int_equal(time / 1000000, seconds);                                         \
	} while (0)
	assert_when("10 min ago", now - 600);
	assert_when("2h", now - 7200);
	assert_when("1h 30m ago", now - 5400);
	assert_when("3 days", now - 3 * 86400);
	assert_when("2026-11-24 09:30", now - 1800);
	assert_when("2026-11-23", now - 34 * 3600);
	assert_when("09:59:30", now - 30);
	assert_when("today", now - 36000);
	assert_when("yesterday", now - 36000 - 86400);
	assert_when("@1795514399", now - 1);
	for (const char *const *bad =
		 (const char *const[]){"", "soon", "10", "10 parsecs", "1h x", "2026-13-01", "@",
				       "99999999999999999h", NULL};
	     *bad; bad++)
		assert_int_equal(when_parse(*bad, now, &time, &error), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(takes_clients),
	    cmocka_unit_test(leaves_the_door_alone),
	    cmocka_unit_test(takes_the_queue),
	    cmocka_unit_test(takes_deliveries),
	    cmocka_unit_test(takes_the_filter),
	    cmocka_unit_test(believes_no_other_writer),
	    cmocka_unit_test(is_not_misled_by_text),
	    cmocka_unit_test(shows_nothing_that_moves_a_cursor),
	    cmocka_unit_test(understands_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
