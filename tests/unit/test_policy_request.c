// SPDX-License-Identifier: GPL-3.0-or-later
/* What the filter and Postfix ask, and who was written to. */
#include "test.h"

#include "base/cleanup.h"
#include "policy/known.h"
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

static void known_domains_last(void **state)
{
	_cleanup_free_ char *path = file_join(*state, "known");
	struct error error = ERROR_INIT;
	struct known known;

	known_load(&known, path, &error);
	assert_int_equal(error.code, 0);
	assert_false(known_has(&known, "b.example", 20000));
	known_add(&known, "b.example", 20000);
	known_add(&known, "a.example", 20001);
	known_add(&known, "b.example", 19000); /* it was later, too */
	assert_true(known.changed);
	assert_int_equal(known_write(&known, &error), 0);
	known_free(&known);
	known_load(&known, path, &error);
	assert_false(known.changed);
	assert_int_equal(known.count, 2);
	assert_true(known_has(&known, "b.example", 20000 + KNOWN_DAYS - 1));
	assert_false(known_has(&known, "b.example", 20000 + KNOWN_DAYS));
	assert_false(known_has(&known, "example", 20000));
	known_free(&known);
}

static void a_damaged_file_is_no_file(void **state)
{
	static const char text[] = "20000 good.example\nx bad.example\n20000\n20000 a..b\n\0\n"
				   "20000 also.good.example\n20000 cut.off";
	_cleanup_free_ char *path = file_join(*state, "known");
	struct error error = ERROR_INIT;
	struct known known;

	assert_int_equal(
	    file_replace(path, text, sizeof(text) - 1, 0600, (uid_t)-1, (gid_t)-1, &error), 0);
	known_load(&known, path, &error);
	assert_int_equal(known.count, 2);
	assert_true(known_has(&known, "also.good.example", 20000));
	known_free(&known);
	known_load(&known, *state, &error); /* a folder */
	assert_int_not_equal(error.code, 0);
	assert_int_equal(known.count, 0);
	error_clear(&error);
}

static void the_oldest_goes(void **state _unused_)
{
	struct known known = {0};
	char name[32];

	for (int i = 0; i < KNOWN_LIMIT; i++) {
		snprintf(name, sizeof(name), "n%d.example", i);
		known_add(&known, name, 20000 + (i != 5));
	}
	known_add(&known, "one.more.example", 20002);
	assert_int_equal(known.count, KNOWN_LIMIT);
	assert_false(known_has(&known, "n5.example", 20002));
	assert_true(known_has(&known, "n4.example", 20002));
	assert_true(known_has(&known, "one.more.example", 20002));
	known_free(&known);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_filters_words),      cmocka_unit_test(a_message),
	    cmocka_unit_test(more_than_there_can_be), cmocka_unit_test(a_sender),
	    cmocka_unit_test(who_is_no_stranger),     folder_test(known_domains_last),
	    folder_test(a_damaged_file_is_no_file),   cmocka_unit_test(the_oldest_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
