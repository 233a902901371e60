// SPDX-License-Identifier: GPL-3.0-or-later
/* The account of every message: each fate, in the order in which the lines really come; lines
 * that are lost; what really lies in the queue; and a service that is killed in between. */
#include "test.h"

#include <errno.h>

#include "account_lines.h"
#include "ledger/ledger_state.h"
#include "ledger/publish.h"

enum { SECOND = 1000000, GRACE = 60 * SECOND };

static const struct line_account account_rows[] = {{"root", 0}, {"postfix", 421}, {"amavis", 425}};
static const struct line_accounts accounts = {account_rows, ARRAY_SIZE(account_rows)};

struct book {
	struct ledger ledger;
	struct ledger_state state;
	struct id_table strangers;
	uint64_t time;
};

static void book_open(struct book *book)
{
	struct error error = ERROR_INIT;

	*book = (struct book){.time = 1000 * (uint64_t)SECOND};
	id_table_init(&book->strangers, 100);
	assert_int_equal(ledger_init(&book->ledger, &error), 0);
}

static void book_close(struct book *book)
{
	ledger_free(&book->ledger);
	ledger_state_free(&book->state);
	id_table_free(&book->strangers);
}

/* "program: text" or, for root, "#program: text". */
static void say(struct book *book, const char *words)
{
	bool root = words[0] == '#';
	struct slice rest = slice_of(words + root), identifier;
	struct line line;

	assert_true(slice_until(&rest, SLICE(" | "), &identifier));
	line_parse(line_writer(&accounts, identifier,
			       root					  ? 0
			       : slice_equal(identifier, SLICE("amavis")) ? 425
									  : 421),
		   identifier, rest, &line);
	assert_int_not_equal(line.kind, LINE_NONE);
	book->time += SECOND / 100;
	assert_int_equal(ledger_line(&book->ledger, &line, book->time), 0);
}

static void say_all(struct book *book, const char *const *lines)
{
	for (; *lines; lines++)
		say(book, *lines);
}

#define SAY(book, ...) say_all(book, (const char *const[]){__VA_ARGS__, NULL})

/* Looks at a queue (or quarantine) with these ids, after so many seconds. */
static void look(struct book *book, unsigned seconds, const char *const *ids)
{
	struct id_table found;

	id_table_init(&found, 100);
	for (; *ids; ids++)
		assert_int_equal(id_table_set(&found, slice_of(*ids), 0), 0);
	book->time += seconds * (uint64_t)SECOND;
	assert_int_equal(
	    ledger_check_queue(&book->ledger, &found, &book->strangers, book->time, GRACE), 0);
	id_table_free(&found);
}

#define LOOK(book, seconds, ...) look(book, seconds, (const char *const[]){__VA_ARGS__, NULL})

/* accepted = delivered + quarantined + bounced + deleted + unseen + unclear + missing +
 * settled + waiting, always. */
static void assert_balance(const struct book *book)
{
	const uint64_t *counters = book->ledger.counters;
	uint64_t sum = book->ledger.open;

	for (int i = COUNT_DELIVERED; i <= COUNT_SETTLED; i++)
		sum += counters[i];
	assert_int_equal(counters[COUNT_ACCEPTED], sum);
}

#define assert_count(book, counter, number)                                                        \
	do {                                                                                       \
		assert_balance(book);                                                              \
		assert_int_equal((book)->ledger.counters[counter], number);                        \
	} while (0)

static void counts_a_delivery_once(void **state)
{
	struct book book;

	(void)state;
	book_open(&book);
	SAY(&book, INCOMING("AAAAAA"), FILTERED("BBBBBB", "AAAAAA"));
	assert_count(&book, COUNT_ACCEPTED, 1);
	assert_int_equal(book.ledger.open, 1);
	/* the mailbox has it before the filter has told Postfix so */
	SAY(&book, DELIVERED("BBBBBB"), PASSED("AAAAAA", "BBBBBB"));
	assert_count(&book, COUNT_DELIVERED, 1);
	assert_int_equal(book.ledger.ids.used, 0);
	book_close(&book);
}

/* What sendmail(1) gives comes back from the filter without its name. */
static void links_what_sendmail_gave(void **state)
{
	static const char *const orders[2][12] = {
	    {DELIVERED("BBBBBB"), PASSED("AAAAAA", "BBBBBB"), NULL},
	    {PASSED("AAAAAA", "BBBBBB"), DELIVERED("BBBBBB"), NULL},
	};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct book book;

		book_open(&book);
		SAY(&book, "postfix/pickup | AAAAAA: uid=0 from=<root>",
		    "postfix/cleanup | AAAAAA: message-id=<m@x>",
		    "postfix/qmgr | AAAAAA: from=<a@b>, size=1, nrcpt=1 (queue active)",
		    "postfix/filtered/smtpd | BBBBBB: client=localhost[127.0.0.1], "
		    "orig_client=unknown[127.0.0.1]",
		    "postfix/cleanup | BBBBBB: message-id=<m@x>",
		    "postfix/qmgr | BBBBBB: from=<a@b>, size=1, nrcpt=1 (queue active)");
		assert_count(&book, COUNT_ACCEPTED, 1);
		say_all(&book, orders[i]);
		assert_count(&book, COUNT_ACCEPTED, 1);
		assert_count(&book, COUNT_DELIVERED, 1);
		assert_int_equal(book.ledger.ids.used, 0);
		book_close(&book);
	}
}

/* It leaves with another sender: a third file, which is named after the first.  That one may be
 * gone by then, and the third before the second's line says what it became. */
static void follows_what_went_round(void **state)
{
#define ROUND(id, first)                                                                           \
	"postfix/srs/smtpd | " id ": client=localhost[127.0.0.1], orig_queue_id=" first            \
	", orig_client=unknown[10.0.0.1]",                                                         \
	    "postfix/cleanup | " id ": message-id=<m@x>",                                          \
	    "postfix/qmgr | " id ": from=<SRS0=x@y>, size=1, nrcpt=1 (queue active)"
#define GONE_ROUND(id, third)                                                                      \
	"postfix/srs/smtp | " id ": to=<e@f>, orig_to=<c@d>, relay=x, dsn=2.0.0, status=sent "     \
	"(250 2.0.0 Ok: queued as " third ")",                                                     \
	    "postfix/qmgr | " id ": removed"
	static const char *const orders[][16] = {
	    {PASSED("AAAAAA", "BBBBBB"), ROUND("CCCCCC", "AAAAAA"), GONE_ROUND("BBBBBB", "CCCCCC"),
	     DELIVERED("CCCCCC"), NULL},
	    {PASSED("AAAAAA", "BBBBBB"), ROUND("CCCCCC", "AAAAAA"), DELIVERED("CCCCCC"),
	     GONE_ROUND("BBBBBB", "CCCCCC"), NULL},
	    {ROUND("CCCCCC", "AAAAAA"), DELIVERED("CCCCCC"), GONE_ROUND("BBBBBB", "CCCCCC"),
	     PASSED("AAAAAA", "BBBBBB"), NULL},
	    {ROUND("CCCCCC", "AAAAAA"), GONE_ROUND("BBBBBB", "CCCCCC"), PASSED("AAAAAA", "BBBBBB"),
	     DELIVERED("CCCCCC"), NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(orders); i++) {
		struct book book;

		book_open(&book);
		SAY(&book, INCOMING("AAAAAA"), FILTERED("BBBBBB", "AAAAAA"));
		say_all(&book, orders[i]);
		assert_count(&book, COUNT_ACCEPTED, 1);
		assert_count(&book, COUNT_DELIVERED, 1);
		assert_int_equal(book.ledger.ids.used, 0);
		assert_int_equal(book.ledger.open, 0);
		book_close(&book);
	}
}

static void counts_each_end(void **state)
{
	struct book book;

	(void)state;
	book_open(&book);
	/* a virus, with the filter's word before Postfix's; and one from sendmail(1) */
	SAY(&book, INCOMING("AAAAAA"),
	    "amavis | (1-2) Blocked INFECTED {Q}, Queue-ID: AAAAAA, mail_id: m-1, quarantine: "
	    "virus-m-1, Hits: -, size: 1, took: 1 ms, <a@b> -> <c@d>",
	    "postfix/amavis/smtp | AAAAAA: to=<c@d>, relay=x, dsn=2.7.0, status=sent (250 2.7.0 "
	    "Ok, discarded, id=1-2 - INFECTED: Eicar)",
	    "postfix/qmgr | AAAAAA: removed");
	SAY(&book, INCOMING("AAAAAB"),
	    "amavis | (1-3) Blocked INFECTED {Q}, mail_id: m2, quarantine: virus-m2, Hits: -, "
	    "size: 1, took: 1 ms, <a@b> -> <c@d>",
	    "postfix/amavis/smtp | AAAAAB: to=<c@d>, relay=x, dsn=2.5.0, status=sent (250 2.5.0 "
	    "Ok, id=1-3, BOUNCE)",
	    "postfix/qmgr | AAAAAB: removed");
	assert_count(&book, COUNT_QUARANTINED, 2);
	assert_int_not_equal(id_table_find(&book.ledger.held, SLICE("m-1")), ID_NONE);
	SAY(&book, INCOMING("AAAAAC"),
	    "postfix/smtp | AAAAAC: to=<c@d>, relay=none, dsn=5.4.4, status=bounced (no)",
	    "postfix/qmgr | AAAAAC: removed", INCOMING("AAAAAD"),
	    "postfix/smtp | AAAAAD: to=<c@d>, relay=none, dsn=4.4.3, status=deferred (no)",
	    "postfix/qmgr | AAAAAD: from=<a@b>, status=expired, returned to sender",
	    "postfix/qmgr | AAAAAD: removed");
	assert_count(&book, COUNT_BOUNCED, 2);
	SAY(&book, INCOMING("AAAAAE"), "postfix/postsuper | AAAAAE: removed", INCOMING("AAAAAF"),
	    "postfix/discard | AAAAAF: to=<c@d>, relay=none, dsn=2.0.0, status=sent (x)",
	    "postfix/qmgr | AAAAAF: removed",
	    "postfix/cleanup | AAAAAG: discard: header Subject: x from y; from=<a@b>: z");
	assert_count(&book, COUNT_DELETED, 3);
	/* an end that nobody understands is not called a delivery */
	SAY(&book, INCOMING("AAAAAH"), "postfix/qmgr | AAAAAH: removed");
	assert_count(&book, COUNT_UNCLEAR, 1);
	/* the filter gave it back to the login that sent it */
	SAY(&book, INCOMING("AAAAAJ"),
	    "amavis | (1-5) Blocked OTHER {BouncedOutbound}, Queue-ID: AAAAAJ, mail_id: m4, "
	    "Hits: 0, size: 1, took: 1 ms, <a@b> -> <c@d>",
	    "postfix/amavis/smtp | AAAAAJ: to=<c@d>, relay=x, dsn=2.5.0, status=sent (250 2.5.0 "
	    "Ok, id=1-5, BOUNCE)",
	    "postfix/qmgr | AAAAAJ: removed");
	assert_count(&book, COUNT_BOUNCED, 3);
	/* the filter took it, and has no copy */
	SAY(&book, INCOMING("AAAAAI"),
	    "amavis | (1-4) Blocked SPAM {D}, Queue-ID: AAAAAI, mail_id: m3, Hits: 9, size: 1, "
	    "took: 1 ms, <a@b> -> <c@d>",
	    "postfix/amavis/smtp | AAAAAI: to=<c@d>, relay=x, dsn=2.7.0, status=sent (250 2.7.0 "
	    "Ok, discarded, id=1-4 - spam)",
	    "postfix/qmgr | AAAAAI: removed");
	assert_count(&book, COUNT_MISSING, 1);
	assert_string_equal(book.ledger.alarms[0].id, "AAAAAI");
	assert_int_equal(book.ledger.open, 0);
	book_close(&book);
}

/* Whether an address exists elsewhere (verify(8)): no message, before it ends and after. */
static void counts_no_question(void **state)
{
	struct book book;

	(void)state;
	book_open(&book);
	SAY(&book, INCOMING("AAAAAA"),
	    "postfix/behind/smtp | AAAAAA: to=<c@d>, relay=x, dsn=2.1.5, status=deliverable (250 "
	    "Ok)",
	    "postfix/qmgr | AAAAAA: removed");
	SAY(&book, INCOMING("AAAAAB"),
	    "postfix/behind/smtp | AAAAAB: to=<c@d>, relay=x, dsn=5.1.1, status=undeliverable (no)",
	    "postfix/qmgr | AAAAAB: removed");
	assert_count(&book, COUNT_ACCEPTED, 0);
	assert_count(&book, COUNT_UNCLEAR, 0);
	assert_int_equal(book.ledger.open, 0);
	book_close(&book);
}

static void follows_a_requeued_message(void **state)
{
	struct book book;

	(void)state;
	book_open(&book);
	SAY(&book, INCOMING("AAAAAA"), "postfix/postsuper | AAAAAA: requeued",
	    "postfix/pickup | CCCCCC: uid=0 from=<a@b> orig_id=AAAAAA",
	    "postfix/cleanup | CCCCCC: message-id=<m@x>",
	    "postfix/qmgr | CCCCCC: from=<a@b>, size=1, nrcpt=1 (queue active)",
	    DELIVERED("CCCCCC"));
	assert_count(&book, COUNT_ACCEPTED, 1);
	assert_count(&book, COUNT_DELIVERED, 1);
	book_close(&book);
}

static void misses_what_is_gone(void **state)
{
	struct book book;

	(void)state;
	book_open(&book);
	SAY(&book, INCOMING("AAAAAA"), INCOMING("BBBBBB"),
	    "postfix/smtpd | CCCCCC: client=unknown[10.0.0.1]");
	LOOK(&book, 1, "AAAAAA", "BBBBBB");
	LOOK(&book, 100, "AAAAAA");
	assert_count(&book, COUNT_MISSING, 0); /* its line may be on its way */
	LOOK(&book, 10, "AAAAAA");
	assert_count(&book, COUNT_MISSING, 0);
	LOOK(&book, 60, "AAAAAA");
	assert_count(&book, COUNT_MISSING, 1);
	assert_string_equal(book.ledger.alarms[0].id, "BBBBBB");
	assert_count(&book, COUNT_ACCEPTED, 2); /* the third client went away */
	/* it comes again, by a restored file */
	LOOK(&book, 1, "AAAAAA", "BBBBBB");
	LOOK(&book, 100, "AAAAAA", "BBBBBB");
	assert_count(&book, COUNT_MISSING, 0);
	assert_count(&book, COUNT_ACCEPTED, 2);
	/* gone once more, and a person knows why */
	LOOK(&book, 1, "AAAAAA");
	LOOK(&book, 100, "AAAAAA");
	assert_count(&book, COUNT_MISSING, 1);
	SAY(&book, "#postcask-account | settled BBBBBB by uid 0");
	assert_count(&book, COUNT_MISSING, 0);
	assert_count(&book, COUNT_SETTLED, 1);
	assert_int_equal(book.ledger.alarm_count, 0);
	book_close(&book);
}

static void makes_no_alarm_of_lost_lines(void **state)
{
	struct book book;

	(void)state;
	book_open(&book);
	SAY(&book, INCOMING("AAAAAA"), INCOMING("BBBBBB"));
	ledger_gap(&book.ledger);
	/* one went on while nobody read, one is still there, one came */
	LOOK(&book, 1, "BBBBBB", "CCCCCC");
	LOOK(&book, 100, "BBBBBB", "CCCCCC");
	assert_count(&book, COUNT_MISSING, 0);
	assert_count(&book, COUNT_UNSEEN, 1);
	assert_count(&book, COUNT_ACCEPTED, 3);
	/* from here on it is watched again */
	LOOK(&book, 1, "CCCCCC");
	LOOK(&book, 100, "CCCCCC");
	assert_count(&book, COUNT_MISSING, 1);
	assert_string_equal(book.ledger.alarms[0].id, "BBBBBB");
	book_close(&book);
}

static void look_quarantine(struct book *book, unsigned seconds, const char *id)
{
	struct id_table found;

	id_table_init(&found, 10);
	if (id)
		assert_int_equal(id_table_set(&found, slice_of(id), 0), 0);
	book->time += seconds * (uint64_t)SECOND;
	assert_int_equal(ledger_check_quarantine(&book->ledger, &found, book->time, GRACE), 0);
	id_table_free(&found);
}

static void misses_files_of_the_quarantine(void **state)
{
	struct book book;

	(void)state;
	book_open(&book);
	look_quarantine(&book, 1, "m1");
	look_quarantine(&book, 1, NULL);
	look_quarantine(&book, 1, NULL);
	assert_int_equal(book.ledger.alarm_count, 0);
	look_quarantine(&book, 100, NULL);
	assert_int_equal(book.ledger.alarm_count, 1);
	assert_true(book.ledger.alarms[0].quarantine);
	SAY(&book, "#postcask-account | settled m1 by uid 0");
	assert_int_equal(book.ledger.alarm_count, 0);
	assert_count(&book, COUNT_SETTLED, 0); /* its message was accounted for */
	look_quarantine(&book, 1, "m2");
	look_quarantine(&book, 1, NULL);
	SAY(&book, "#postcask-quarantine | delete id=m2 by=root");
	look_quarantine(&book, 100, NULL);
	assert_int_equal(book.ledger.alarm_count, 0);
	/* a line that comes late ends the alarm */
	look_quarantine(&book, 1, "m5");
	look_quarantine(&book, 1, NULL);
	look_quarantine(&book, 100, NULL);
	assert_int_equal(book.ledger.alarm_count, 1);
	SAY(&book, "#postcask-quarantine | expire id=m5");
	assert_int_equal(book.ledger.alarm_count, 0);
	/* a release says so before the file goes, a copy leaves it there */
	look_quarantine(&book, 1, "m3");
	SAY(&book, "#postcask-quarantine | release id=m3 queue=AAAAAA recipients=1");
	look_quarantine(&book, 1, "m3");
	look_quarantine(&book, 1, NULL);
	look_quarantine(&book, 100, NULL);
	assert_int_equal(book.ledger.alarm_count, 0);
	look_quarantine(&book, 1, "m4");
	SAY(&book, "#postcask-quarantine | copy id=m4 queue=AAAAAA recipients=1");
	look_quarantine(&book, 1, NULL);
	look_quarantine(&book, 100, NULL);
	assert_int_equal(book.ledger.alarm_count, 1);
	book_close(&book);
}

/* Killed after any line, and continued from what it had saved: the same account. */
static void is_the_same_after_a_kill(void **state)
{
	static const char *const lines[] = {INCOMING("AAAAAA"),
					    FILTERED("BBBBBB", "AAAAAA"),
					    INCOMING("CCCCCC"),
					    DELIVERED("BBBBBB"),
					    PASSED("AAAAAA", "BBBBBB"),
					    INCOMING("DDDDDD"),
					    "postfix/smtp | DDDDDD: to=<c@d>, relay=none, "
					    "dsn=5.0.0, status=bounced (no)",
					    "postfix/qmgr | DDDDDD: removed",
					    "postfix/postsuper | CCCCCC: removed",
					    INCOMING("EEEEEE")};
	struct error error = ERROR_INIT;
	char *path = file_join(*state, "state");

	for (size_t kill = 0; kill <= ARRAY_SIZE(lines); kill++) {
		struct book book, next;

		book_open(&book);
		book_open(&next);
		for (size_t i = 0; i < kill; i++)
			say(&book, lines[i]);
		book.state.cursor = strdup("s=1;i=2");
		ledger_alarm_add(&book.ledger, "GGGGGG", 5, true);
		assert_int_equal(ledger_save(path, &book.ledger, &book.state, &error), 0);
		assert_int_equal(ledger_load(path, &next.ledger, &next.state, &error), 0);
		assert_string_equal(next.state.cursor, "s=1;i=2");
		assert_int_equal(next.ledger.open, book.ledger.open);
		assert_int_equal(next.ledger.alarm_count, 1);
		for (size_t i = kill; i < ARRAY_SIZE(lines); i++)
			say(&next, lines[i]);
		assert_count(&next, COUNT_ACCEPTED, 4);
		assert_count(&next, COUNT_DELIVERED, 1);
		assert_count(&next, COUNT_BOUNCED, 1);
		assert_count(&next, COUNT_DELETED, 1);
		assert_int_equal(next.ledger.open, 1);
		book_close(&book);
		book_close(&next);
	}
	free(path);
	error_clear(&error);
}

static void uses_nothing_of_a_broken_file(void **state)
{
	_cleanup_free_ char *path = file_join(*state, "state"), *text = NULL;
	struct error error = ERROR_INIT;
	struct book book;
	size_t size;

	book_open(&book);
	SAY(&book, INCOMING("AAAAAA"), INCOMING("BBBBBB"));
	assert_int_equal(ledger_save(path, &book.ledger, &book.state, &error), 0);
	book_close(&book);
	assert_int_equal(file_read(path, 1 << 20, &text, &size, &error), 0);
	for (size_t cut = 0; cut < size; cut++) {
		book_open(&book);
		assert_int_equal(file_replace(path, text, cut, 0600, (uid_t)-1, (gid_t)-1, &error),
				 0);
		assert_int_equal(ledger_load(path, &book.ledger, &book.state, &error), -EINVAL);
		assert_int_equal(book.ledger.counters[COUNT_ACCEPTED], 0);
		assert_int_equal(book.ledger.ids.used, 0);
		error_clear(&error);
		book_close(&book);
	}
}

/* More than there is room for: the first are followed, the others are counted. */
static void stays_within_its_memory(void **state)
{
	struct book book;
	char id[QUEUE_ID_LIMIT];
	json_t *json;

	(void)state;
	book_open(&book);
	book.ledger.ids.limit = 1000;
	for (int i = 0; i < 1100; i++) {
		struct line line = {.kind = LINE_CLIENT};

		snprintf(id, sizeof(id), "A%06d", i);
		line.id = slice_of(id);
		assert_int_equal(ledger_line(&book.ledger, &line, book.time), 0);
		line.kind = LINE_ACTIVE;
		assert_int_equal(ledger_line(&book.ledger, &line, book.time), 0);
	}
	assert_count(&book, COUNT_ACCEPTED, 1000);
	assert_int_equal(book.ledger.counters[COUNT_UNFOLLOWED], 100);
	json = account_json(&book.ledger, &book.state, 0);
	assert_int_equal(json_integer_value(json_object_get(json, "unfollowed")), 100);
	assert_int_equal(json_integer_value(json_object_get(json, "waiting")), 1000);
	json_decref(json);
	book_close(&book);
}

/* By which one knows that the way out is open. */
static void knows_when_mail_left(void **state)
{
	static const char *const inside[] = {
	    "postfix/smtp | AAAAAA: to=<a@far.example>, relay=mx.far.example[192.0.2.1]:25, "
	    "delay=1, delays=0/0/1/0, dsn=4.0.0, status=deferred (host mx.far.example[192.0.2.1] "
	    "said: 450 later)",
	    "postfix/smtp | AAAAAA: to=<a@far.example>, relay=smtp.example.net[192.0.2.1]:587, "
	    "delay=1, delays=0/0/1/0, dsn=2.0.0, status=sent (250 ok)",
	    DELIVERED("BBBBBB"),
	    NULL,
	};
	struct book book;

	(void)state;
	book_open(&book);
	say_all(&book, inside);
	assert_int_equal(book.ledger.left, 0);
	say(&book, "postfix/smtp | CCCCCC: to=<a@far.example>, relay=mx.far.example[192.0.2.1]:25, "
		   "delay=1, delays=0/0/1/0, dsn=2.0.0, status=sent (250 ok)");
	assert_int_equal(book.ledger.left, book.time);
	book_close(&book);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(counts_a_delivery_once),
	    cmocka_unit_test(links_what_sendmail_gave),
	    cmocka_unit_test(follows_what_went_round),
	    cmocka_unit_test(counts_each_end),
	    cmocka_unit_test(counts_no_question),
	    cmocka_unit_test(follows_a_requeued_message),
	    cmocka_unit_test(misses_what_is_gone),
	    cmocka_unit_test(makes_no_alarm_of_lost_lines),
	    cmocka_unit_test(misses_files_of_the_quarantine),
	    folder_test(is_the_same_after_a_kill),
	    folder_test(uses_nothing_of_a_broken_file),
	    cmocka_unit_test(stays_within_its_memory),
	    cmocka_unit_test(knows_when_mail_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
