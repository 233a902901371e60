// SPDX-License-Identifier: GPL-3.0-or-later
/* What is found of a login's messages, what is kept of it, and what people are told. */
#include "test.h"

#include "base/clock.h"
#include "base/json_file.h"
#include "hold/keep.h"
#include "hold/notice.h"
#include "ledger/sent.h"
#include "policy/limit_hold.h"
#include "queue/queue_hold.h"
#include "report/part_hold.h"
#include "state/report_state.h"

#define ALICE "alice@example.org"

/* ---- The journal's lines ---- */

static void take(struct sent *sent, const char *identifier, const char *text)
{
	struct line line;

	line_parse(WRITER_POSTFIX, slice_of(identifier), slice_of(text), &line);
	sent_take(sent, &line);
}

static void a_login_is_followed_through_the_filter(void **state _unused_)
{
	static const char *const hers[] = {"4g1AAAAAAAzyS", "4g1AAAAAABzyS", "4g1AAAAAACzyS"};
	static const char *const others[] = {"4g1BBBBBBAzyS", "4g1BBBBBBBzyS", "4g1BBBBBBCzyS"};
	struct sent sent = SENT_INIT;

	id_table_init(&sent.ids, SENT_LIMIT);
	sent.login = strdup(ALICE);
	take(&sent, "postfix/submission/smtpd",
	     "4g1AAAAAAAzyS: client=unknown[192.0.2.1], sasl_method=PLAIN, "
	     "sasl_username=" ALICE);
	take(&sent, "postfix/submission/smtpd",
	     "4g1BBBBBBAzyS: client=unknown[192.0.2.1], sasl_method=PLAIN, "
	     "sasl_username=bob@example.org");
	/* a stranger who calls himself so */
	take(&sent, "postfix/smtpd", "4g1BBBBBBBzyS: client=sasl_username=" ALICE "[192.0.2.1]");
	take(&sent, "postfix/filtered/smtpd",
	     "4g1AAAAAABzyS: client=localhost[127.0.0.1], orig_queue_id=4g1AAAAAAAzyS, "
	     "orig_client=unknown[192.0.2.1]");
	take(&sent, "postfix/filtered/smtpd",
	     "4g1BBBBBBCzyS: client=localhost[127.0.0.1], orig_queue_id=4g1BBBBBBAzyS, "
	     "orig_client=unknown[192.0.2.1]");
	take(&sent, "postfix/amavis/smtp",
	     "4g1AAAAAAAzyS: to=<a@far.example>, relay=127.0.0.1[127.0.0.1]:10026, delay=1, "
	     "delays=0/0/0/1, dsn=2.0.0, status=sent (250 2.0.0 from MTA: 250 2.0.0 Ok: queued "
	     "as 4g1AAAAAACzyS)");
	for (size_t i = 0; i < ARRAY_SIZE(hers); i++) {
		assert_true(sent_has(&sent, slice_of(hers[i])));
		assert_false(sent_has(&sent, slice_of(others[i])));
	}
	sent_close(&sent);
}

static void an_envelope_says_whose_a_message_is(void **state _unused_)
{
	static const char text[] =
	    "*** ENVELOPE RECORDS hold/4g1AAAAAAAzyS ***\n"
	    "sender: " ALICE "\nnamed_attribute: sasl_username=Alice@example.org\n"
	    "*** MESSAGE FILE END hold/4g1AAAAAAAzyS ***\n"
	    "*** ENVELOPE RECORDS hold/4g1BBBBBBAzyS ***\n"
	    "sender: named_attribute: sasl_username=" ALICE "\n"
	    "named_attribute: sasl_username=bob@example.org\n"
	    "postcat: fatal: open queue file 4g1: No such file\n"
	    "*** ENVELOPE RECORDS hold/../../etc ***\n"
	    "named_attribute: sasl_username=" ALICE "\n";
	_cleanup_(buffer_free) struct buffer found = BUFFER_INIT;

	queue_find_login_parse(slice_of(text), ALICE, &found);
	assert_string_equal(buffer_text(&found), "4g1AAAAAAAzyS\n");
}

/* ---- What is kept ---- */

static void what_root_did_is_kept(void **state)
{
	_cleanup_free_ char *path = file_join(*state, "held.json");
	_cleanup_json_ json_t *list = NULL, *again = NULL;
	struct error error = ERROR_INIT;
	json_t *one;

	assert_int_equal(keep_load(path, false, &list, &error), 0);
	assert_int_equal(json_array_size(list), 0);
	one = keep_add(list, ALICE, 7);
	json_array_append_new(json_object_get(one, "ids"), json_string("4g1AAAAAAAzyS"));
	assert_non_null(keep_add(list, "bob@example.org", 8));
	assert_int_equal(keep_save(path, list, &error), 0);
	assert_int_equal(keep_load(path, true, &again, &error), 0);
	assert_true(json_equal(list, again));
	assert_null(keep_find(list, "carol@example.org"));
	keep_remove(list, "carol@example.org");
	keep_remove(list, ALICE);
	assert_null(keep_find(list, ALICE));
	assert_int_equal(json_number(keep_find(list, "bob@example.org"), "since"), 8);
}

/* ---- People ---- */

static void both_are_told_what_to_do(void **state _unused_)
{
	_cleanup_(buffer_free) struct buffer owner = BUFFER_INIT, postmaster = BUFFER_INIT;
	struct quarantine_config config = {.receiver = (char *)"root@example.org",
					   .postmaster = (char *)"boss@example.org",
					   .hostname = (char *)"mail.example.org"};
	const struct notice notice = {ALICE, "networks", 1, 1795515240};

	notice_to_owner(&notice, &config, &owner);
	notice_to_postmaster(&notice, &config, &postmaster);
	assert_non_null(strstr(buffer_text(&owner), "\nTo: <" ALICE ">\n"));
	assert_non_null(strstr(buffer_text(&owner), "six networks"));
	assert_non_null(strstr(buffer_text(&owner), "boss@example.org"));
	assert_non_null(strstr(buffer_text(&owner), "\nAuto-Submitted: auto-generated\n"));
	assert_null(strstr(buffer_text(&owner), "postcask user"));
	assert_non_null(strstr(buffer_text(&postmaster), "\nTo: <root@example.org>\n"));
	assert_non_null(strstr(buffer_text(&postmaster), "1 message of it was put on hold"));
	assert_non_null(strstr(buffer_text(&postmaster), "postcask user release " ALICE "\n"));
	for (const char *line = buffer_text(&postmaster); line; line = strchr(line, '\n')) {
		line += *line == '\n';
		assert_true(strcspn(line, "\n") < 100);
	}
}

static void the_report_is_degraded_until_it_is_free(void **state)
{
	_cleanup_free_ char *path = file_join(*state, "held.json");
	_cleanup_json_ json_t *report = json_pack("{s:s, s:[s]}", "state", "ready", "notes", "x");
	struct limit_writer *writer = limit_writer_start(path, NULL);
	struct limit_holds holds = {.writer = writer};
	struct error error = ERROR_INIT;
	const json_t *notes;

	hold_part_add(report, path);
	assert_int_equal(report_state_of(report), REPORT_READY);
	limit_holds_load(&holds, path, &error);
	assert_int_equal(limit_holds_add(&holds, ALICE, LIMIT_REASON_MORE, 7, &error), 0);
	assert_int_equal(limit_writer_wait(writer, clock_now_ms() + 10000, &error), 0);
	for (int i = 0; i < 2; i++)
		hold_part_add(report, path);
	assert_int_equal(report_state_of(report), REPORT_DEGRADED);
	notes = json_object_get(report, "notes");
	assert_int_equal(json_array_size(notes), 2);
	assert_non_null(strstr(json_string_value(json_array_get(notes, 1)),
			       "`postcask user release " ALICE "`"));
	assert_int_equal(limit_holds_remove(&holds, ALICE, &error), 0);
	assert_int_equal(limit_writer_wait(writer, clock_now_ms() + 10000, &error), 0);
	hold_part_add(report, path);
	assert_int_equal(json_array_size(notes), 1);
	limit_holds_free(&holds);
	limit_writer_stop(&writer, clock_now_ms() + 10000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_login_is_followed_through_the_filter),
	    cmocka_unit_test(an_envelope_says_whose_a_message_is),
	    folder_test(what_root_did_is_kept),
	    cmocka_unit_test(both_are_told_what_to_do),
	    folder_test(the_report_is_degraded_until_it_is_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
