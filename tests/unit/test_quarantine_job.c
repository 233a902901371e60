// SPDX-License-Identifier: GPL-3.0-or-later
/* The quarantine's daily job: what is deleted when, and what its mails say. */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/diary.h"
#include "base/json_file.h"
#include "quarantine/digest.h"
#include "quarantine/retention.h"

enum { DAY = 86400 };

#define NOW INT64_C(1795515240)

static char *at(const char *folder, const char *name)
{
	char *path = file_join(folder, name);

	assert_non_null(path);
	return path;
}

static void write_file(const char *folder, const char *name, const char *text)
{
	_cleanup_free_ char *path = at(folder, name);

	assert_int_equal(file_replace(path, text, strlen(text), 0600, (uid_t)-1, (gid_t)-1, NULL),
			 0);
}

static void make_folders(const char *folder)
{
	_cleanup_free_ char *held = at(folder, "quarantine"), *released = at(folder, "released");

	if (mkdir(held, 0700) < 0 || mkdir(released, 0700) < 0)
		assert_int_equal(errno, EEXIST);
}

/* A file as amavis writes it; `alert` as it is folded. */
static void put_kind(const char *folder, const char *place, const char *kind, const char *alert,
		     const char *id, const char *to, const char *rest, int64_t time)
{
	_cleanup_free_ char *text = NULL, *name = NULL, *path = NULL;
	struct timespec times[2] = {{.tv_sec = time}, {.tv_sec = time}};

	make_folders(folder);
	assert_true(asprintf(&text,
			     "X-Envelope-From: <s$(x)@example.com>\nX-Envelope-To: %s\n"
			     "X-Quarantine-ID: <%s>\nX-Amavis-Alert: %s\n"
			     "Received: from a by b\n (amavis, port 10024) with ESMTP id %s; x\n"
			     "%s\n\nbody\n",
			     to, id, alert, id, rest) > 0);
	assert_true(asprintf(&name, "%s/%s-%s", place, kind, id) > 0);
	write_file(folder, name, text);
	path = at(folder, name);
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void put(const char *folder, const char *place, const char *id, const char *to,
		const char *rest, int64_t time)
{
	put_kind(folder, place, "virus", "INFECTED, message contains virus:\n Eicar.Test", id, to,
		 rest, time);
}

/* Opens, lists, and makes the diary of a run at `now`; how many were removed. */
static size_t run_retention(const char *folder, int64_t now, unsigned days)
{
	_cleanup_(quarantine_close) struct quarantine quarantine = QUARANTINE_INIT;
	_cleanup_(quarantine_items_free) struct quarantine_items items = QUARANTINE_ITEMS_INIT;
	_cleanup_(diary_free) struct diary before = DIARY_INIT, diary = DIARY_INIT;
	_cleanup_free_ char *path = at(folder, "diary");
	size_t count = 0;

	assert_int_equal(quarantine_open(&quarantine, folder, NULL), 0);
	assert_int_equal(quarantine_list(&quarantine, &items, NULL), 0);
	assert_int_equal(diary_load(path, &before, NULL), 0);
	assert_int_equal(retention_update(&before, &items, now, &diary, NULL), 0);
	assert_int_equal(retention_expire(&quarantine, &items, &diary, days, &count, NULL), 0);
	assert_int_equal(diary.count, items.count - count);
	assert_int_equal(diary_save(path, &diary, NULL), 0);
	return count;
}

static void the_clock_is_followed_slowly(void **state _unused_)
{
	assert_int_equal(diary_clock(NOW, NOW - DAY, 0, 2 * DAY), NOW);
	assert_int_equal(diary_clock(NOW + 400 * DAY, NOW, 0, 2 * DAY), NOW + 2 * DAY);
	assert_int_equal(diary_clock(NOW - 400 * DAY, NOW, 0, 2 * DAY), NOW - 400 * DAY);
	assert_int_equal(diary_clock(NOW, 0, 0, 2 * DAY), NOW);
	assert_int_equal(diary_clock(NOW + 400 * DAY, 0, NOW, 2 * DAY), NOW + 2 * DAY);
}

static void nothing_goes_before_its_time(void **state)
{
	put(*state, "quarantine", "AAAAAAAAAAAA", "<a@b>", "", NOW - 300 * DAY);
	put(*state, "released", "BBBBBBBBBBBB", "<a@b>", "", NOW);
	/* first seen today, however old the files say they are */
	assert_int_equal(run_retention(*state, NOW, 30), 0);
	/* a day each, as the timer comes */
	for (int day = 1; day <= 30; day++)
		assert_int_equal(run_retention(*state, NOW + day * DAY, 30), 0);
	put(*state, "quarantine", "CCCCCCCCCCCC", "<a@b>", "", NOW);
	assert_int_equal(run_retention(*state, NOW + 31 * DAY, 30), 2);
	assert_int_equal(run_retention(*state, NOW + 61 * DAY, 30), 0);
}

static void a_clock_that_jumps_deletes_nothing(void **state)
{
	put(*state, "quarantine", "AAAAAAAAAAAA", "<a@b>", "", NOW);
	assert_int_equal(run_retention(*state, NOW, 30), 0);
	for (int day = 1; day <= 14; day++) /* a fortnight 400 days ahead */
		assert_int_equal(run_retention(*state, NOW + (400 + day) * DAY, 30), 0);
	/* written while the clock was a year behind, seen when it is right again */
	put(*state, "quarantine", "BBBBBBBBBBBB", "<a@b>", "", NOW - 365 * DAY);
	for (int day = 15; day <= 29; day++)
		assert_int_equal(run_retention(*state, NOW + day * DAY, 30), 0);
	assert_int_equal(run_retention(*state, NOW + 31 * DAY, 30), 1);
}

static void nothing_goes_without_the_setting(void **state)
{
	put(*state, "quarantine", "AAAAAAAAAAAA", "<a@b>", "", NOW);
	for (int run = 0; run < 10; run++)
		assert_int_equal(run_retention(*state, NOW + run * 1000 * DAY, 0), 0);
}

static void the_diary_is_whole_or_refused(void **state)
{
	static const char *const damaged[] = {"clock 1\ndigest 2\nvirus-AAAAAAAAAAAA 3 told",
					      "clock x\n",
					      "\n\n",
					      "virus-A 1 old\n",
					      "virus-A told\n",
					      "clock 1\nvirus-A 1 told more\n"};
	_cleanup_free_ char *path = at(*state, "diary");

	for (size_t i = 0; i < ARRAY_SIZE(damaged); i++) {
		_cleanup_(diary_free) struct diary diary = DIARY_INIT;

		write_file(*state, "diary", damaged[i]);
		assert_int_equal(diary_load(path, &diary, NULL), -EBADMSG);
		assert_int_equal(diary.count, 0);
	}
}

static void reads_the_settings(void **state)
{
	static const char good[] = "# c\nretention_days\t90\nnotify_viruses\tnobody\n"
				   "notify_rest\trecipient\ndigest\tweekly\n"
				   "receiver\tr@x\npostmaster\tp@x\nhostname\tmail.x\n";
	static const char *const wrong[] = {
	    "",		  "retention_days\t-1\n", "notify_rest\tall\n",
	    "digest\t\n", "other\tx\n",		  "receiver r@x\n"};
	_cleanup_(quarantine_config_free) struct quarantine_config config = QUARANTINE_CONFIG_INIT;
	_cleanup_free_ char *path = at(*state, "conf");

	write_file(*state, "conf", good);
	assert_int_equal(quarantine_config_load(path, &config, NULL), 0);
	assert_int_equal(config.retention_days, 90);
	assert_false(config.viruses.postmaster || config.viruses.recipients);
	assert_true(config.rest.recipients && !config.rest.postmaster);
	assert_int_equal(config.digest, DIGEST_WEEKLY);
	assert_string_equal(config.receiver, "r@x");
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		_cleanup_free_ char *text = NULL;

		assert_true(asprintf(&text, "%s%s", wrong[i], i ? good : "") >= 0);
		write_file(*state, "conf", text);
		assert_int_equal(quarantine_config_load(path, &config, NULL), -EINVAL);
	}
}

static void knows_who_lives_here(void **state _unused_)
{
	_cleanup_(residents_free) struct residents residents = RESIDENTS_INIT;
	_cleanup_json_ json_t *told = json_pack("[s, s, s]", "alice@x", "Bob+x@x", "sales@x");

	assert_int_equal(residents_take(told, &residents, NULL), 0);
	assert_int_equal(residents.count, 3);
	assert_string_equal(residents_find(&residents, "ALICE+a+b@X")->address, "alice@x");
	assert_string_equal(residents_find(&residents, "bob+x@x")->address, "bob+x@x");
	assert_non_null(residents_find(&residents, "sales@x"));
	assert_null(residents_find(&residents, "other@y"));
	assert_null(residents_find(&residents, "bob@x"));
	assert_null(residents_find(&residents, ""));
	assert_null(residents_find(&residents, "alice@x+y"));
}

static void a_digest_is_due(void **state _unused_)
{
	assert_true(digest_is_due(DIGEST_DAILY, 0, NOW));
	assert_true(digest_is_due(DIGEST_DAILY, NOW - DAY + 600, NOW));
	assert_false(digest_is_due(DIGEST_DAILY, NOW - 600, NOW));
	assert_false(digest_is_due(DIGEST_WEEKLY, NOW - 6 * DAY, NOW));
	assert_true(digest_is_due(DIGEST_WEEKLY, NOW - 7 * DAY + 600, NOW));
	assert_true(digest_is_due(DIGEST_WEEKLY, NOW + 400 * DAY, NOW));
	assert_false(digest_is_due(DIGEST_NEVER, 0, NOW));
}

struct outbox {
	char *text[8], *to[8];
	size_t count, accepted;
};

static int keep(void *context, const char *to, const char *message, size_t size,
		struct error *error _unused_)
{
	struct outbox *outbox = context;

	if (outbox->count == outbox->accepted)
		return -EIO;
	assert_int_equal(strlen(message), size);
	outbox->to[outbox->count] = strdup(to);
	outbox->text[outbox->count++] = strdup(message);
	return 0;
}

static void outbox_free(struct outbox *outbox)
{
	for (size_t i = 0; i < outbox->count; i++) {
		free(outbox->text[i]);
		free(outbox->to[i]);
	}
}

static int send_digest_with(const char *folder, struct quarantine_config *config,
			    const struct held *held, struct outbox *outbox, size_t *ret_count)
{
	_cleanup_(quarantine_close) struct quarantine quarantine = QUARANTINE_INIT;
	_cleanup_(quarantine_items_free) struct quarantine_items items = QUARANTINE_ITEMS_INIT;
	_cleanup_(diary_free) struct diary before = DIARY_INIT, diary = DIARY_INIT;
	_cleanup_(residents_free) struct residents residents = RESIDENTS_INIT;
	_cleanup_json_ json_t *people = json_pack("[s, s]", "alice@x", "bob@x");
	_cleanup_free_ char *path = at(folder, "diary");
	struct digest digest = {config, &residents, NOW, keep, outbox, held};
	size_t mails = 0;
	int result;

	assert_int_equal(residents_take(people, &residents, NULL), 0);
	assert_int_equal(quarantine_open(&quarantine, folder, NULL), 0);
	assert_int_equal(quarantine_list(&quarantine, &items, NULL), 0);
	assert_int_equal(diary_load(path, &before, NULL), 0);
	assert_int_equal(retention_update(&before, &items, NOW, &diary, NULL), 0);
	result = digest_run(&digest, &quarantine, &items, &diary, ret_count, &mails, NULL);
	assert_int_equal(diary_save(path, &diary, NULL), 0);
	return result;
}

static int send_digest(const char *folder, struct quarantine_config *config, struct outbox *outbox,
		       size_t *ret_count)
{
	return send_digest_with(folder, config, NULL, outbox, ret_count);
}

static void each_is_told_what_is_his(void **state)
{
	struct quarantine_config config = {30,	  {true, true}, {false}, DIGEST_DAILY,
					   "r@x", "p@x",	"mail.x"};
	_cleanup_(outbox_free) struct outbox outbox = {.accepted = 8};
	size_t count = 0;

	put(*state, "quarantine", "AAAAAAAAAAAA", "<Alice+q@x>, <hidden@elsewhere>",
	    "Subject: =?utf-8?q?Zahlung_f=C3=A4llig=1b[2J?= see http://evil.example/x", NOW);
	put(*state, "quarantine", "BBBBBBBBBBBB", "<carol@elsewhere>", "Subject: two", NOW - 60);
	put(*state, "released", "CCCCCCCCCCCC", "<bob@x>", "Subject: three", NOW);
	assert_int_equal(send_digest(*state, &config, &outbox, &count), 0);
	assert_int_equal(count, 2);
	assert_int_equal(outbox.count, 2);
	assert_string_equal(outbox.to[0], "r@x");
	assert_non_null(strstr(outbox.text[0], "\nAuto-Submitted: auto-generated\n"));
	assert_non_null(
	    strstr(outbox.text[0], "\nSubject: Quarantine of mail.x: 2 new messages\n"));
	assert_non_null(strstr(outbox.text[0], "AAAAAAAAAAAA"));
	assert_non_null(strstr(outbox.text[0], "BBBBBBBBBBBB"));
	assert_null(strstr(outbox.text[0], "CCCCCCCCCCCC"));
	assert_non_null(strstr(outbox.text[0], "Eicar.Test"));
	assert_non_null(strstr(outbox.text[0], "postcask quarantine release ID"));
	assert_non_null(strstr(outbox.text[0], "after 30 days"));
	assert_string_equal(outbox.to[1], "alice@x");
	assert_non_null(strstr(outbox.text[1], "AAAAAAAAAAAA"));
	assert_non_null(
	    strstr(outbox.text[1], "Zahlung f\xc3\xa4llig??2J see http???evil?example?x"));
	assert_null(strstr(outbox.text[1], "BBBBBBBBBBBB"));
	assert_null(strstr(outbox.text[1], "hidden"));
	assert_non_null(strstr(outbox.text[1], "s??x?@example.com"));
	for (size_t i = 0; i < outbox.count; i++)
		assert_null(strpbrk(outbox.text[i], "\x1b\r$"));
	/* told once */
	assert_int_equal(send_digest(*state, &config, &outbox, &count), 0);
	assert_int_equal(count, 0);
	assert_int_equal(outbox.count, 2);
}

/* What is no virus has a setting of its own, and is never called one. */
static void a_limit_is_told_otherwise(void **state)
{
	struct quarantine_config config = {0,	  {true, false}, {true, true}, DIGEST_DAILY,
					   "r@x", "p@x",	 "mail.x"};
	_cleanup_(outbox_free) struct outbox outbox = {.accepted = 8};
	size_t count = 0;

	put(*state, "quarantine", "AAAAAAAAAAAA", "<alice@x>", "Subject: a virus", NOW);
	put_kind(*state, "quarantine", "limits",
		 "UNCHECKED, message is beyond the limits: more\n than 7 files", "BBBBBBBBBBBB",
		 "<alice@x>, <bob@x>, <z@elsewhere>", "Subject: a table", NOW);
	assert_int_equal(send_digest(*state, &config, &outbox, &count), 0);
	assert_int_equal(count, 2);
	assert_int_equal(outbox.count, 3);
	assert_non_null(strstr(outbox.text[0], "AAAAAAAAAAAA"));
	assert_non_null(strstr(outbox.text[0], "  limits  more than 7 files\n"));
	assert_string_equal(outbox.to[1], "alice@x");
	assert_string_equal(outbox.to[2], "bob@x");
	for (size_t i = 1; i < outbox.count; i++) {
		assert_null(strstr(outbox.text[i], "AAAAAAAAAAAA"));
		assert_non_null(strstr(outbox.text[i], "  limits  more than 7 files\n"));
		assert_non_null(strstr(outbox.text[i], "no virus was found in it\n"));
	}
}

static void what_was_not_sent_is_told_again(void **state)
{
	struct quarantine_config config = {0,	  {true, true}, {false}, DIGEST_DAILY,
					   "r@x", "p@x",	"mail.x"};
	_cleanup_(outbox_free) struct outbox outbox = {.accepted = 1};
	size_t count = 0;

	put(*state, "quarantine", "AAAAAAAAAAAA", "<alice@x>", "Subject: one", NOW);
	assert_int_equal(send_digest(*state, &config, &outbox, &count), -EIO);
	assert_int_equal(outbox.count, 1);
	outbox.accepted = 8;
	assert_int_equal(send_digest(*state, &config, &outbox, &count), 0);
	assert_int_equal(count, 1);
	assert_int_equal(outbox.count, 3);
}

static void what_is_on_hold_is_told_each_time(void **state)
{
	static const char queue[] =
	    "{\"queue_name\": \"hold\", \"queue_id\": \"4Zq1kT0s2Bz9rxJ\", \"arrival_time\": "
	    "1795515240, \"sender\": \"a\\u001b$(x)@y.z\", \"recipients\": [{\"address\": "
	    "\"alice@x\"}, {\"address\": \"bob@x\"}]}\n"
	    "{\"queue_name\": \"deferred\", \"queue_id\": \"AAAAAAAAAAAAA\", \"sender\": \"s\"}\n"
	    "{\"queue_name\": \"hold\", \"queue_id\": \"4Zq1kT0s2Bz9rxK\", \"sender\": \"\"}\n";
	struct quarantine_config config = {.viruses = {true, true},
					   .digest = DIGEST_DAILY,
					   .receiver = "r@x",
					   .postmaster = "p@x",
					   .hostname = "mail.x"};
	_cleanup_(outbox_free) struct outbox outbox = {.accepted = 8};
	_cleanup_(held_free) struct held held = HELD_INIT;
	size_t count = 0;

	make_folders(*state);
	held_parse(SLICE(queue), &held);
	assert_int_equal(held.count, 2);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(send_digest_with(*state, &config, &held, &outbox, &count), 0);
		assert_int_equal(count, 0);
		assert_int_equal(outbox.count, i + 1); /* to nobody but the postmaster */
		assert_string_equal(outbox.to[i], "r@x");
		assert_non_null(
		    strstr(outbox.text[i], "mail.x: 0 new messages, 2 on hold in the queue\n"));
		assert_non_null(strstr(outbox.text[i], "    from     a???x?@y.z\n"
						       "    to       alice@x and 1 more\n"
						       "    id       4Zq1kT0s2Bz9rxJ\n"));
		assert_non_null(strstr(outbox.text[i], "    from     -\n    to       -\n"));
		assert_non_null(strstr(outbox.text[i], "postsuper -H ID"));
		assert_null(strstr(outbox.text[i], "AAAAAAAAAAAAA"));
		assert_null(strstr(outbox.text[i], "postcask quarantine"));
	}
	put(*state, "quarantine", "BBBBBBBBBBBB", "<alice@x>", "Subject: one", NOW);
	assert_int_equal(send_digest_with(*state, &config, &held, &outbox, &count), 0);
	assert_int_equal(outbox.count, 4);
	assert_non_null(strstr(outbox.text[2], "mail.x: 1 new message, 2 on hold in the queue\n"));
	assert_non_null(strstr(outbox.text[2], "BBBBBBBBBBBB"));
	assert_non_null(strstr(outbox.text[2], "4Zq1kT0s2Bz9rxK"));
	assert_null(strstr(outbox.text[3], "on hold"));
	config.viruses.postmaster = false;
	assert_int_equal(send_digest_with(*state, &config, &held, &outbox, &count), 0);
	assert_int_equal(outbox.count, 4);
}

static void a_thousand_are_a_number(void **state)
{
	struct quarantine_config config = {0,	  {true, false}, {false}, DIGEST_DAILY,
					   "r@x", "p@x",	 "mail.x"};
	_cleanup_(outbox_free) struct outbox outbox = {.accepted = 8};
	size_t count = 0;

	for (int i = 0; i < 1000; i++) {
		_cleanup_free_ char *name = NULL;

		make_folders(*state);
		assert_true(asprintf(&name, "quarantine/virus-Many%08d", i) > 0);
		write_file(*state, name, "damaged\n");
	}
	assert_int_equal(send_digest(*state, &config, &outbox, &count), 0);
	assert_int_equal(count, 1000);
	assert_int_equal(outbox.count, 1);
	assert_non_null(strstr(outbox.text[0], "\nand 800 more.\n"));
	assert_true(strlen(outbox.text[0]) < 200 * 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_clock_is_followed_slowly),
	    folder_test(nothing_goes_before_its_time),
	    folder_test(a_clock_that_jumps_deletes_nothing),
	    folder_test(nothing_goes_without_the_setting),
	    folder_test(the_diary_is_whole_or_refused),
	    folder_test(reads_the_settings),
	    folder_test(knows_who_lives_here),
	    cmocka_unit_test(a_digest_is_due),
	    folder_test(each_is_told_what_is_his),
	    folder_test(a_limit_is_told_otherwise),
	    folder_test(what_was_not_sent_is_told_again),
	    folder_test(what_is_on_hold_is_told_each_time),
	    folder_test(a_thousand_are_a_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
