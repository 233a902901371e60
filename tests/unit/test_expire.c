// SPDX-License-Identifier: GPL-3.0-or-later
/* Which messages of the queue have waited long enough: by the hours that the machine ran,
 * and only those that wait for others. */
#include "test.h"

#include "base/diary.h"
#include "quarantine/retention.h"
#include "queue/expire.h"
#include "queue/queue_list.h"

#define NOW  INT64_C(1795515240)
#define HOUR INT64_C(3600)
#define DAY  (24 * HOUR)
#define ID   "4dNbB71gRzz9rym"

#define ELSEWHERE "connect to mx.example.com[192.0.2.1]:25: Connection timed out"
#define FILTER	  "connect to 127.0.0.1[127.0.0.1]:10024: Connection refused"
#define LOCAL	  "connect to 127.0.0.1[127.0.0.1]:10027: Connection refused"
#define FULL                                                                                       \
	"host mail.example.org[private/dovecot-lmtp] said: 452 4.2.2 <a@example.org> Quota "       \
	"exceeded (mailbox for user is full) (in reply to end of DATA command)"
#define DOVECOT "connect to mail.example.org[private/dovecot-lmtp]: Connection refused"

static json_t *message(const char *queue, const char *sender, const char *first, const char *second)
{
	json_t *made = json_pack("{s:s, s:s, s:s, s:[{s:s, s:s}]}", "queue_name", queue, "queue_id",
				 ID, "sender", sender, "recipients", "address", "a@example.org",
				 "delay_reason", first);

	assert_non_null(made);
	if (second)
		json_array_append_new(
		    json_object_get(made, "recipients"),
		    json_pack("{s:s, s:s}", "address", "b@example.org", "delay_reason", second));
	return made;
}

/* Looks at it `hours` hourly runs after the first one; takes the message. */
static size_t goes_after(int64_t hours, json_t *waiting)
{
	struct diary before = DIARY_INIT;
	size_t count = 0;

	for (int64_t run = 0; run <= hours; run++) {
		struct expiry expiry = {.before = &before, .over = BUFFER_INIT};

		expiry.diary.clock = diary_clock(NOW + run * HOUR, before.clock, 0, EXPIRE_STEP);
		expire_look(&expiry, waiting);
		assert_int_equal(expiry.result, 0);
		diary_sort(&expiry.diary);
		diary_free(&before);
		before = expiry.diary;
		count = expiry.count;
		assert_string_equal(buffer_text(&expiry.over), count ? ID "\n" : "");
		buffer_free(&expiry.over);
	}
	diary_free(&before);
	json_decref(waiting);
	return count;
}

/* Of the table's words the first that fit: the scanner's failure is in the filter's answer. */
static void what_a_message_waits_for_is_said(void **state _unused_)
{
	static const struct {
		const char *reason, *what;
		bool ours;
	} reasons[] = {
	    {FILTER, "for the filter (amavis)", true},
	    {LOCAL, "for the filter (amavis)", true},
	    {"conversation with 127.0.0.1[127.0.0.1] timed out", "for the filter (amavis)", true},
	    {"host 127.0.0.1[127.0.0.1] said: 451 4.5.0 id=1-1, virus_scan FAILED",
	     "for the virus scanner (clamd)", true},
	    {FULL, "for room in a mailbox", false},
	    {DOVECOT, "for the mailboxes (Dovecot)", true},
	    {"mail transport unavailable", "for a part of Postfix", true},
	    {"Host or domain name not found. Name service error for name=x.example type=MX",
	     "for the DNS", false},
	    {ELSEWHERE, "for another server", false},
	    {"connect to mx.example.com[192.0.2.1]:10025: Connection refused", "for another server",
	     false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++) {
		struct queue_kind kind = queue_kind_of(reasons[i].reason);

		assert_string_equal(kind.what, reasons[i].what);
		assert_int_equal(kind.ours, reasons[i].ours);
	}
}

static void what_waits_for_others_goes_after_five_days(void **state _unused_)
{
	assert_int_equal(goes_after(119, message("deferred", "a@x.example", ELSEWHERE, NULL)), 0);
	assert_int_equal(goes_after(120, message("deferred", "a@x.example", ELSEWHERE, NULL)), 1);
	assert_int_equal(goes_after(120, message("deferred", "", ELSEWHERE, NULL)), 1);
	assert_int_equal(goes_after(120, message("deferred", "a@x.example", FULL, ELSEWHERE)), 1);
}

static void what_waits_for_this_machine_stays(void **state _unused_)
{
	assert_int_equal(goes_after(300, message("deferred", "a@x.example", FILTER, NULL)), 0);
	assert_int_equal(goes_after(300, message("deferred", "a@x.example", LOCAL, NULL)), 0);
	assert_int_equal(goes_after(300, message("deferred", "a@x.example", DOVECOT, NULL)), 0);
	assert_int_equal(goes_after(300, message("deferred", "a@x.example", ELSEWHERE, DOVECOT)),
			 0);
	assert_int_equal(goes_after(300, message("hold", "a@x.example", ELSEWHERE, NULL)), 0);
	assert_int_equal(goes_after(300, message("active", "a@x.example", ELSEWHERE, NULL)), 0);
	assert_int_equal(goes_after(300, message("deferred", "a@x.example", ELSEWHERE, "")), 0);
}

static void the_last_notice_stays(void **state _unused_)
{
	json_t *notice = message("deferred", "double-bounce@mail.example.org", FULL, NULL);

	assert_int_equal(goes_after(300, notice), 0);
}

static size_t goes_at(int64_t seen, int64_t clock)
{
	struct diary before = {.clock = seen};
	struct expiry expiry = {.before = &before, .over = BUFFER_INIT};
	json_t *waiting = message("deferred", "a@x.example", ELSEWHERE, NULL);

	assert_int_equal(diary_add(&before, ID, seen, false, NULL), 0);
	expiry.diary.clock = diary_clock(clock, before.clock, 0, EXPIRE_STEP);
	expire_look(&expiry, waiting);
	json_decref(waiting);
	diary_free(&before);
	diary_free(&expiry.diary);
	buffer_free(&expiry.over);
	return expiry.count;
}

static void neither_a_wrong_clock_nor_time_without_power_counts(void **state _unused_)
{
	assert_int_equal(goes_at(NOW, NOW + 400 * DAY), 0);
	assert_int_equal(goes_at(NOW, NOW - 400 * DAY), 0);
	assert_int_equal(goes_at(NOW, NOW + 6 * DAY), 0);
}

static void what_is_no_message_is_left_out(void **state _unused_)
{
	struct diary before = DIARY_INIT;
	struct expiry expiry = {.before = &before, .over = BUFFER_INIT};
	json_t *odd = json_pack("{s:s}", "queue_id", "ALL");

	expire_look(&expiry, odd);
	json_decref(odd);
	odd = json_pack("{s:i}", "queue_id", 7);
	expire_look(&expiry, odd);
	json_decref(odd);
	assert_int_equal(expiry.result, 0);
	assert_int_equal(expiry.diary.count, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_a_message_waits_for_is_said),
	    cmocka_unit_test(what_waits_for_others_goes_after_five_days),
	    cmocka_unit_test(what_waits_for_this_machine_stays),
	    cmocka_unit_test(the_last_notice_stays),
	    cmocka_unit_test(neither_a_wrong_clock_nor_time_without_power_counts),
	    cmocka_unit_test(what_is_no_message_is_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
