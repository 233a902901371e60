// SPDX-License-Identifier: GPL-3.0-or-later
/* ledger/journal.c and keeper.c: which lines are read, from where on, and the account that the
 * service keeps of them over its own end, a crash, a power cut and a full disk. */
#include "cuts.h"
#include "fake_journal.h"

#include "account_lines.h"
#include "base/json_file.h"
#include "ledger/keeper.h"

enum { GRACE = 60 };

static const char *cut_place(const char *path, char place[CUT_PATH] _unused_)
{
	return path;
}

/* The service's folders and files. */
struct home {
	char folder[64], state[96], spool[96], quarantine[96], run[96], store[96];
};

static struct home home;

static int home_make(void **state _unused_)
{
	static const char *const folders[] = {"spool/active", "spool/deferred", "quarantine", "run",
					      "store"};
	_cleanup_(error_clear) struct error error = ERROR_INIT;

	fake_journal_reset();
	snprintf(home.folder, sizeof(home.folder), "%s/postcask-test-XXXXXX",
		 access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	if (!mkdtemp(home.folder))
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		_cleanup_free_ char *path = file_join(home.folder, folders[i]);

		if (file_make_folders(path, 0755, &error) < 0)
			return -1;
	}
	snprintf(home.state, sizeof(home.state), "%s/state", home.folder);
	snprintf(home.spool, sizeof(home.spool), "%s/spool", home.folder);
	snprintf(home.quarantine, sizeof(home.quarantine), "%s/quarantine", home.folder);
	snprintf(home.run, sizeof(home.run), "%s/run", home.folder);
	snprintf(home.store, sizeof(home.store), "%s/store", home.folder);
	return 0;
}

static int home_remove(void **state _unused_)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;

	return file_remove_tree(home.folder, &error);
}

#define home_test(function) cmocka_unit_test_setup_teardown(function, home_make, home_remove)

static void write_file(const char *name, const char *text)
{
	_cleanup_free_ char *path = file_join(home.folder, name);

	assert_int_equal(file_replace(path, text, strlen(text), 0700, (uid_t)-1, (gid_t)-1, NULL),
			 0);
}

static void remove_file(const char *name)
{
	_cleanup_free_ char *path = file_join(home.folder, name);

	assert_int_equal(unlink(path), 0);
}

/* /run of a new boot. */
static void boot_anew(void)
{
	_cleanup_free_ char *path = file_join(home.run, "account.json");

	unlink(path);
}

/* "program | text", of the account whose program it is. */
static void say_all(const char *const *lines)
{
	for (; *lines; lines++) {
		_cleanup_free_ char *line = strdup(*lines);
		char *text = strstr(line, " | ");

		assert_non_null(text);
		*text = '\0';
		fake_log(strcmp(line, "amavis") == 0 ? FAKE_AMAVIS : FAKE_POSTFIX, line, text + 3);
	}
}

#define SAID(...) say_all((const char *const[]){__VA_ARGS__, NULL})

/* --- the journal ------------------------------------------------------------------------ */

static void open_journal(struct journal *journal, bool folders)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;

	assert_int_equal(journal_open(journal, NULL, folders, &error), 0);
}

/* What the next line says; "" at the end. */
static const char *next(struct journal *journal)
{
	static char text[600];
	struct journal_line line;
	int result = journal_next(journal, &line, NULL);

	assert_true(result >= 0);
	slice_copy(result ? line.text : slice_of(""), text, sizeof(text));
	return text;
}

static void only_the_daemons_own_lines_are_read(void **state _unused_)
{
	_cleanup_(journal_close) struct journal journal = JOURNAL_INIT;

	fake_log(1000, "postfix/smtpd", "forged by a user");
	fake_log(1000, "postcask-quarantine", "forged by a user");
	fake_log(FAKE_POSTFIX, "postfix/smtpd", "one");
	fake_log(FAKE_POSTFIX, "cron", "not the mail's");
	fake_log(FAKE_AMAVIS, "amavis", "two");
	fake_log(FAKE_AMAVIS, "perl", "not the mail's");
	fake_log(0, "dovecot", "in a folder");
	fake_log(0, "postcask-quarantine", "three");
	fake_log(0, "sshd", "not the mail's");
	open_journal(&journal, false);
	assert_int_equal(journal_seek_time(&journal, 0, NULL), 0);
	assert_string_equal(next(&journal), "one");
	assert_string_equal(next(&journal), "two");
	assert_string_equal(next(&journal), "three");
	assert_string_equal(next(&journal), "");
	fake_log(FAKE_POSTFIX, "postfix/qmgr", "and more comes");
	assert_string_equal(next(&journal), "and more comes");
}

static void folders_are_read_where_they_are_asked_for(void **state _unused_)
{
	_cleanup_(journal_close) struct journal journal = JOURNAL_INIT;

	fake_log(0, "dovecot", "in a folder");
	fake_log(1000, "dovecot", "forged");
	open_journal(&journal, true);
	assert_int_equal(journal_seek_time(&journal, 0, NULL), 0);
	assert_string_equal(next(&journal), "in a folder");
	assert_string_equal(next(&journal), "");
}

static void a_line_without_fields_is_no_line(void **state _unused_)
{
	_cleanup_(journal_close) struct journal journal = JOURNAL_INIT;

	fake_log(FAKE_POSTFIX, "postfix/smtpd", "no account");
	strcpy(fake_journal.entries[0].fields[0], "_UID=-1");
	fake_log(FAKE_POSTFIX, "postfix/smtpd", "no name");
	fake_journal.entries[1].fields[1][0] = '\0';
	fake_log(FAKE_POSTFIX, "postfix/smtpd", "");
	fake_journal.entries[2].fields[2][0] = '\0';
	fake_log(FAKE_POSTFIX, "postfix/smtpd", "a line");
	open_journal(&journal, false);
	assert_int_equal(journal_seek_time(&journal, 0, NULL), 0);
	assert_string_equal(next(&journal), ""); /* a line, of no text */
	assert_string_equal(next(&journal), "a line");
}

static void reading_begins_at_a_time(void **state _unused_)
{
	_cleanup_(journal_close) struct journal journal = JOURNAL_INIT;

	fake_log(FAKE_POSTFIX, "postfix/smtpd", "before");
	fake_pass_time(10);
	fake_log(FAKE_POSTFIX, "postfix/smtpd", "then");
	open_journal(&journal, false);
	assert_int_equal(journal_seek_time(&journal, fake_journal.time, NULL), 0);
	assert_string_equal(next(&journal), "then");
}

/* The cursor of the line that says this, read from the beginning. */
static char *cursor_of(const char *text)
{
	_cleanup_(journal_close) struct journal journal = JOURNAL_INIT;
	char *cursor = NULL;

	open_journal(&journal, false);
	assert_int_equal(journal_seek_time(&journal, 0, NULL), 0);
	while (strcmp(next(&journal), text) != 0)
		;
	assert_int_equal(journal_cursor(&journal, &cursor, NULL), 0);
	return cursor;
}

static void reading_goes_on_after_a_cursor(void **state _unused_)
{
	_cleanup_(journal_close) struct journal journal = JOURNAL_INIT;
	_cleanup_free_ char *cursor = NULL;
	bool found = false;

	SAID("postfix/smtpd | one", "postfix/smtpd | two", "postfix/smtpd | three");
	cursor = cursor_of("two");
	open_journal(&journal, false);
	assert_int_equal(journal_seek_cursor(&journal, cursor, &found, NULL), 0);
	assert_true(found);
	assert_string_equal(next(&journal), "three");
}

static void a_cursor_whose_line_is_gone_leaves_out_none_that_is_there(void **state _unused_)
{
	_cleanup_free_ char *cursor = NULL;

	SAID("postfix/smtpd | one", "postfix/smtpd | two", "postfix/smtpd | three",
	     "postfix/smtpd | four");
	cursor = cursor_of("two");
	fake_vacuum(2);
	for (int other = 0; other < 2; other++) {
		_cleanup_(journal_close) struct journal journal = JOURNAL_INIT;
		bool found = true;

		open_journal(&journal, false);
		assert_int_equal(journal_seek_cursor(&journal, cursor, &found, NULL), 0);
		assert_false(found);
		assert_string_equal(next(&journal), "three");
		assert_string_equal(next(&journal), "four");
		/* and where another line is before them */
		fake_journal.entries[0].number = 1;
		memmove(fake_journal.entries + 1, fake_journal.entries,
			2 * sizeof(struct fake_entry));
		fake_journal.entries[1].number = 3;
		fake_journal.count = 3;
		snprintf(fake_journal.entries[0].fields[2], 512, "MESSAGE=one");
	}
}

static void a_journal_that_is_empty_again_is_found_to_be_cut(void **state _unused_)
{
	_cleanup_(journal_close) struct journal journal = JOURNAL_INIT;
	_cleanup_free_ char *cursor = NULL;
	bool found = true;

	SAID("postfix/smtpd | one");
	cursor = cursor_of("one");
	fake_vacuum(1);
	open_journal(&journal, false);
	assert_int_equal(journal_seek_cursor(&journal, cursor, &found, NULL), 0);
	assert_false(found);
	SAID("postfix/smtpd | new");
	assert_string_equal(next(&journal), "new");
}

static void who_may_not_read_the_journal_is_told(void **state _unused_)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	struct journal journal;

	fake_journal.no_accounts = true;
	assert_int_equal(journal_open(&journal, NULL, false, &error), -ENOENT);
	assert_non_null(strstr(error_text(&error), "this is no mail server"));
	fake_journal.no_accounts = false;
	assert_int_equal(journal_open(&journal, "/nonexistent", false, &error), -ENOENT);
}

/* --- the keeper ------------------------------------------------------------------------- */

static void keeper_set(struct keeper *keeper)
{
	*keeper = (struct keeper){.state_file = home.state,
				  .spool = home.spool,
				  .quarantine = home.quarantine,
				  .run = home.run,
				  .grace = GRACE * UINT64_C(1000000)};
}

/* As ledger_main.c follows the journal: everything is read, then looked at. */
static void catch_up(struct keeper *keeper, bool look)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	bool more = true;

	while (more)
		if (keeper_read(keeper, &more, &error) < 0)
			fail_msg("%s", error_text(&error));
	if (look)
		assert_int_equal(keeper_look(keeper, &error), 0);
	assert_int_equal(keeper_do_due(keeper, &error), 0);
}

static void begin(struct keeper *keeper)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;

	keeper_set(keeper);
	if (keeper_begin(keeper, &error) < 0)
		fail_msg("%s", error_text(&error));
	catch_up(keeper, true);
}

static void end(struct keeper *keeper)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;

	assert_int_equal(keeper_end(keeper, &error), 0);
	keeper_free(keeper);
}

/* What it says to the world. */
static long long said(const char *name)
{
	_cleanup_free_ char *path = file_join(home.run, "account.json");
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_json_ json_t *account = NULL;

	if (json_file_read(path, 1 << 20, 0, &account, &error) < 0)
		fail_msg("%s", error_text(&error));
	return json_number(account, name);
}

static void a_message_is_counted_and_published(void **state _unused_)
{
	struct keeper keeper;

	SAID(INCOMING("AAAAAA"), FILTERED("BBBBBB", "AAAAAA"));
	write_file("spool/active/BBBBBB", "");
	begin(&keeper);
	assert_int_equal(said("accepted"), 1);
	assert_int_equal(said("waiting"), 1);
	SAID(DELIVERED("BBBBBB"), PASSED("AAAAAA", "BBBBBB"));
	remove_file("spool/active/BBBBBB");
	fake_pass_time(1);
	catch_up(&keeper, false);
	assert_int_equal(said("delivered"), 1);
	assert_int_equal(said("waiting"), 0);
	assert_int_equal(said("missing"), 0);
	end(&keeper);
}

/* Nothing is due while nothing happens: it sleeps. */
static void an_idle_keeper_has_nothing_to_do(void **state _unused_)
{
	struct keeper keeper;

	begin(&keeper);
	fake_pass_time(GRACE);
	catch_up(&keeper, true);
	fake_pass_time(GRACE);
	catch_up(&keeper, false);
	assert_true(keeper_next_due(&keeper) == INT64_MAX);
	end(&keeper);
}

static void a_restart_counts_no_line_twice_and_leaves_none_out(void **state _unused_)
{
	struct keeper keeper;

	SAID(INCOMING("AAAAAA"), FILTERED("BBBBBB", "AAAAAA"), DELIVERED("BBBBBB"));
	begin(&keeper);
	end(&keeper);
	SAID(PASSED("AAAAAA", "BBBBBB"), INCOMING("CCCCCC")); /* while it is away */
	write_file("spool/active/CCCCCC", "");
	begin(&keeper);
	fake_pass_time(1);
	catch_up(&keeper, true);
	assert_int_equal(said("accepted"), 2);
	assert_int_equal(said("delivered"), 1);
	assert_int_equal(said("waiting"), 1);
	assert_int_equal(keeper.state.gap_time, 0);
	end(&keeper);
}

static void after_a_crash_the_lines_since_the_last_save_are_read_again(void **state _unused_)
{
	struct keeper keeper;

	SAID(INCOMING("AAAAAA"), FILTERED("BBBBBB", "AAAAAA"));
	begin(&keeper);
	fake_pass_time(30);
	catch_up(&keeper, false); /* saved */
	SAID(DELIVERED("BBBBBB"), PASSED("AAAAAA", "BBBBBB"));
	catch_up(&keeper, false); /* not yet */
	keeper_free(&keeper);	  /* killed */
	begin(&keeper);
	assert_int_equal(said("accepted"), 1);
	assert_int_equal(said("delivered"), 1);
	assert_int_equal(said("waiting"), 0);
	assert_int_equal(keeper.state.gap_time, 0); /* the machine has not stopped */
	end(&keeper);
}

static void a_machine_that_stopped_without_warning_trusts_the_queue(void **state _unused_)
{
	struct keeper keeper;

	SAID(INCOMING("AAAAAA"));
	begin(&keeper);
	fake_pass_time(30);
	catch_up(&keeper, false);
	keeper_free(&keeper);
	boot_anew();
	begin(&keeper); /* its end was in lines that are lost */
	assert_non_null(strstr(keeper.state.gap, "stopped without warning"));
	fake_pass_time(2 * GRACE);
	catch_up(&keeper, true);
	fake_pass_time(2 * GRACE);
	catch_up(&keeper, true);
	assert_int_equal(said("unseen"), 1);
	assert_int_equal(said("missing"), 0);
	end(&keeper);
	boot_anew();
	begin(&keeper);
	assert_false(keeper.unwatched); /* this one was stopped in order */
	end(&keeper);
}

static void a_message_that_is_nowhere_is_missing_and_said_at_once(void **state _unused_)
{
	struct keeper keeper;

	SAID(INCOMING("AAAAAA"));
	begin(&keeper);
	fake_pass_time(2 * GRACE);
	catch_up(&keeper, true);
	fake_pass_time(2 * GRACE);
	catch_up(&keeper, true);
	assert_int_equal(said("missing"), 1);
	assert_int_equal(keeper.saved_alarms, 1);
	keeper_free(&keeper); /* killed: the alarm is on the disk */
	begin(&keeper);
	assert_int_equal(said("missing"), 1);
	end(&keeper);
}

static void a_message_that_leaves_the_quarantine_unsaid_is_missed(void **state _unused_)
{
	struct keeper keeper;

	write_file("quarantine/virus-AAAAAAAAAAAA", "");
	begin(&keeper);
	fake_pass_time(1);
	catch_up(&keeper, false);
	assert_int_equal(said("quarantine_files"), 1);
	remove_file("quarantine/virus-AAAAAAAAAAAA");
	keeper.quarantine_changed = true; /* as inotify says */
	for (int i = 0; i < 3; i++) {
		fake_pass_time(2 * GRACE);
		catch_up(&keeper, true);
	}
	assert_int_equal(said("quarantine_files"), 0);
	assert_int_equal(said("quarantine_gone"), 1);
	end(&keeper);
}

static void a_broken_file_begins_the_account_anew_and_says_so(void **state _unused_)
{
	static const char *const broken[] = {"", "postcask-account 1\n",
					     "postcask-account 9\nend\n",
					     "postcask-account 1\nnonsense\nend\n"};

	SAID(INCOMING("AAAAAA"), FILTERED("BBBBBB", "AAAAAA"), DELIVERED("BBBBBB"),
	     PASSED("AAAAAA", "BBBBBB"));
	for (size_t i = 0; i < ARRAY_SIZE(broken); i++) {
		struct keeper keeper;

		write_file("state", broken[i]);
		begin(&keeper);
		assert_non_null(strstr(keeper.state.gap, "file was broken"));
		assert_int_equal(said("accepted"), 1); /* as far as the journal goes back */
		end(&keeper);
		begin(&keeper);
		assert_int_equal(said("accepted"), 1);
		end(&keeper);
	}
}

static void a_journal_that_was_cut_short_is_said(void **state _unused_)
{
	struct keeper keeper;

	SAID(INCOMING("AAAAAA"));
	begin(&keeper);
	end(&keeper);
	SAID("postfix/qmgr | AAAAAA: removed", INCOMING("CCCCCC"));
	fake_vacuum(fake_journal.count - 3);
	begin(&keeper);
	assert_non_null(strstr(keeper.state.gap, "journal was cut short"));
	assert_int_equal(said("accepted"), 2);
	end(&keeper);
}

static void lines_that_the_full_disk_of_the_journal_lost_are_said(void **state _unused_)
{
	struct keeper keeper;

	SAID(INCOMING("AAAAAA"));
	fake_journal.free_blocks = 10;
	begin(&keeper);
	assert_non_null(strstr(keeper.state.gap, "disk of /var was full"));
	end(&keeper);
}

static void a_full_disk_does_not_end_the_service(void **state _unused_)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	struct keeper keeper;

	begin(&keeper);
	end(&keeper);
	begin(&keeper);
	SAID(INCOMING("AAAAAA"));
	fake_pass_time(30);
	catch_up(&keeper, true);
	SAID(FILTERED("BBBBBB", "AAAAAA"), DELIVERED("BBBBBB"), PASSED("AAAAAA", "BBBBBB"));
	keeper.dirty = false; /* the report's folder is in memory */
	keeper.published_ms = INT64_MAX / 2;
	fake_pass_time(30);
	cut_fill_disk(1);
	catch_up(&keeper, false);
	cut_empty_disk();
	assert_true(keeper.save_failed);
	keeper_free(&keeper);
	begin(&keeper); /* what was saved before goes on */
	assert_int_equal(said("delivered"), 1);
	assert_int_equal(said("accepted"), 1);
	end(&keeper);
}

static void a_journal_that_cannot_be_read_is_an_error(void **state _unused_)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	struct keeper keeper;
	bool more;

	begin(&keeper);
	fake_journal.failing = true;
	assert_int_equal(keeper_read(&keeper, &more, &error), -EIO);
	keeper_free(&keeper);
}

/* It looks in between whether it shall end. */
static void many_lines_are_read_in_pieces(void **state _unused_)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	struct keeper keeper;
	bool more = false;

	begin(&keeper);
	for (int i = 0; i < 5001; i++)
		fake_log(FAKE_POSTFIX, "postfix/smtpd", "connect from unknown[10.0.0.1]");
	assert_int_equal(keeper_read(&keeper, &more, &error), 0);
	assert_true(more);
	assert_int_equal(keeper_read(&keeper, &more, &error), 0);
	assert_false(more);
	end(&keeper);
}

/* Its whole work of one message, from where the last run left it. */
static void work(void *context _unused_)
{
	struct keeper keeper;
	bool more;

	keeper_set(&keeper);
	if (keeper_begin(&keeper, NULL) < 0 || keeper_read(&keeper, &more, NULL) < 0 ||
	    keeper_look(&keeper, NULL) < 0)
		_exit(1);
	fake_pass_time(30);
	if (keeper_do_due(&keeper, NULL) < 0 || keeper_end(&keeper, NULL) < 0)
		_exit(1);
}

/* Cut off wherever it saves, it counts each message once. */
static void a_cut_loses_no_message_and_doubles_none(void **state _unused_)
{
	for (enum cut_kind kind = CUT_KILLED; kind <= CUT_NAMES; kind++) {
		bool was_cut = true;

		for (int count = 1; was_cut; count++) {
			struct keeper keeper;
			long long before;

			begin(&keeper);
			before = said("delivered");
			end(&keeper);
			SAID(INCOMING("AAAAAA"), FILTERED("BBBBBB", "AAAAAA"), DELIVERED("BBBBBB"),
			     PASSED("AAAAAA", "BBBBBB"));
			was_cut = cut_run(kind, count, home.store, work, NULL);
			begin(&keeper);
			assert_int_equal(said("delivered"), before + 1);
			assert_int_equal(said("accepted"), before + 1);
			assert_int_equal(said("waiting"), 0);
			end(&keeper);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    home_test(only_the_daemons_own_lines_are_read),
	    home_test(folders_are_read_where_they_are_asked_for),
	    home_test(a_line_without_fields_is_no_line),
	    home_test(reading_begins_at_a_time),
	    home_test(reading_goes_on_after_a_cursor),
	    home_test(a_cursor_whose_line_is_gone_leaves_out_none_that_is_there),
	    home_test(a_journal_that_is_empty_again_is_found_to_be_cut),
	    home_test(who_may_not_read_the_journal_is_told),
	    home_test(a_message_is_counted_and_published),
	    home_test(an_idle_keeper_has_nothing_to_do),
	    home_test(a_restart_counts_no_line_twice_and_leaves_none_out),
	    home_test(after_a_crash_the_lines_since_the_last_save_are_read_again),
	    home_test(a_machine_that_stopped_without_warning_trusts_the_queue),
	    home_test(a_message_that_is_nowhere_is_missing_and_said_at_once),
	    home_test(a_message_that_leaves_the_quarantine_unsaid_is_missed),
	    home_test(a_broken_file_begins_the_account_anew_and_says_so),
	    home_test(a_journal_that_was_cut_short_is_said),
	    home_test(lines_that_the_full_disk_of_the_journal_lost_are_said),
	    home_test(a_full_disk_does_not_end_the_service),
	    home_test(a_journal_that_cannot_be_read_is_an_error),
	    home_test(many_lines_are_read_in_pieces),
	    home_test(a_cut_loses_no_message_and_doubles_none),
	};

	return cmocka_run_group_tests_name("account keeper", tests, NULL, NULL);
}
