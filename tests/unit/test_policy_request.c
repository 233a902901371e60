// SPDX-License-Identifier: GPL-3.0-or-later
/* What the filter and Postfix ask. */
#include "test.h"

#include "base/buffer.h"
#include "policy/request.h"

static struct filter_request filter(const char *line)
{
	static struct filter_request request;

	request_parse_filter(slice_of(line), &request);
	return request;
}

static void the_filters_words(void **state _unused_)
{
	assert_int_equal(filter("ping").word, REQUEST_PING);
	assert_int_equal(filter("ahead from=a.example").word, REQUEST_AHEAD);
	assert_int_equal(filter("wrote to=a.example").word, REQUEST_WROTE);
	assert_int_equal(filter("").word, REQUEST_UNKNOWN);
	assert_int_equal(filter("pings").word, REQUEST_UNKNOWN);
	assert_int_equal(filter(" ping").word, REQUEST_UNKNOWN);
}

static void a_message(void **state _unused_)
{
	struct filter_request request =
	    filter("judge from=Example.org  from=b.example dkim=c.example dkim?=d.example "
		   "spf=e.example spf?=f.example list=dev.lists.example nonsense x=y =z");

	assert_int_equal(request.word, REQUEST_JUDGE);
	assert_int_equal(request.message.author_count, 2);
	assert_string_equal(request.message.authors[0], "example.org");
	assert_false(request.message.unreadable);
	assert_int_equal(request.message.identifier_count, 4);
	for (size_t i = 0; i < 4; i++) {
		char name[] = {(char)('c' + i), '.', 'e', 'x', 'a', 'm', 'p', 'l', 'e', '\0'};

		assert_string_equal(request.message.identifiers[i].domain, name);
		assert_int_equal(request.message.identifiers[i].spf, i >= 2);
		assert_int_equal(request.message.identifiers[i].unknown, i % 2 == 1);
	}
	assert_string_equal(request.list, "dev.lists.example");
	request = filter("judge from= list=a..b dkim=");
	assert_true(request.message.unreadable);
	assert_int_equal(request.message.identifier_count, 0);
	assert_string_equal(request.list, "");
}

static void more_than_there_can_be(void **state _unused_)
{
	_cleanup_(buffer_free) struct buffer line = BUFFER_INIT;
	struct filter_request request;

	buffer_add_text(&line, "judge");
	for (int i = 0; i < 100; i++)
		buffer_addf(&line, " from=f%d.example dkim=d%d.example to=t%d.example", i, i, i);
	request = filter(buffer_text(&line));
	assert_int_equal(request.message.author_count, DMARC_AUTHORS);
	assert_true(request.message.unreadable); /* one that is not looked at may be the worst */
	assert_int_equal(request.message.identifier_count, DMARC_IDENTIFIERS);
	assert_int_equal(request.told_count, REQUEST_TOLD);
}

static struct postfix_request postfix(const char *text)
{
	struct postfix_request request;

	request_parse_postfix(slice_of(text), &request);
	return request;
}

static void a_sender(void **state _unused_)
{
	struct postfix_request request =
	    postfix("request=smtpd_access_policy\nclient_address=192.0.2.1\n"
		    "helo_name=mail.example.net\nsender=a@Example.org\nsasl_username=\nx");

	assert_true(request.stranger);
	assert_string_equal(request.domain, "example.org");
	assert_string_equal(request.client, "192.0.2.1");
	/* The null sender is who greets. */
	request = postfix("client_address=2001:db8::1\nhelo_name=mail.example.net\nsender=");
	assert_true(request.stranger);
	assert_string_equal(request.domain, "mail.example.net");
	assert_string_equal(postfix("client_address=192.0.2.1\nhelo_name=[192.0.2.1]").domain, "");
	assert_string_equal(postfix("client_address=192.0.2.1\nsender=a@b@c.example").domain,
			    "c.example");
	assert_string_equal(postfix("sender=a@b..example").domain, "");
}

static void who_is_no_stranger(void **state _unused_)
{
	assert_false(postfix("client_address=127.0.0.9\nsender=a@b.example").stranger);
	assert_false(postfix("client_address=::1\nsender=a@b.example").stranger);
	assert_false(postfix("sender=a@b.example").stranger);
	assert_false(postfix("client_address=unknown\nsender=a@b.example").stranger);
	assert_false(
	    postfix("client_address=192.0.2.1\nsasl_username=alice\nsender=a@b.example").stranger);
}

static void what_postfix_says(void **state _unused_)
{
	struct postfix_request request =
	    postfix("protocol_state=RCPT\nclient_name=unknown\nreverse_client_name=a.b.example\n"
		    "recipient=alice@example.org\nrecipient_count=0\ninstance=1a2b.3\n"
		    "queue_id=4XyZ\nsize=12345\nencryption_protocol=TLSv1.3\nserver_port=25\n"
		    "policy_context=unknown\nsasl_username=alice@example.org\n"
		    "client_address=2001:db8::1\n");

	assert_string_equal(request.state, "RCPT");
	assert_string_equal(request.client_name, "unknown");
	assert_string_equal(request.reverse_name, "a.b.example");
	assert_string_equal(request.recipient, "alice@example.org");
	assert_string_equal(request.instance, "1a2b.3");
	assert_string_equal(request.queue_id, "4XyZ");
	assert_string_equal(request.encryption, "TLSv1.3");
	assert_string_equal(request.server_port, "25");
	assert_string_equal(request.context, "unknown");
	assert_string_equal(request.login, "alice@example.org");
	assert_int_equal(request.size, 12345);
	assert_int_equal(request.recipient_count, 0);
	assert_int_equal(postfix("recipient_count=17\n").recipient_count, 17);
	assert_int_equal(postfix("recipient_count=many\nsize=-1\n").recipient_count, 0);
}

/* The first word counts, and a login is one however long its name is. */
static void what_a_stranger_adds(void **state _unused_)
{
	char text[2 * REQUEST_ADDRESS] = "client_address=192.0.2.1\nsasl_username=";

	assert_string_equal(postfix("client_address=192.0.2.1\nclient_address=127.0.0.1\n").client,
			    "192.0.2.1");
	memset(text + strlen(text), 'a', REQUEST_ADDRESS);
	assert_false(postfix(text).stranger);
	assert_string_equal(postfix(text).login, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_filters_words),      cmocka_unit_test(a_message),
	    cmocka_unit_test(more_than_there_can_be), cmocka_unit_test(a_sender),
	    cmocka_unit_test(who_is_no_stranger),     cmocka_unit_test(what_postfix_says),
	    cmocka_unit_test(what_a_stranger_adds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
