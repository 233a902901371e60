// SPDX-License-Identifier: GPL-3.0-or-later
/* quarantine/act.c: what a person does with the quarantine, and what the journal is told. */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "probe_server.h"
#include "quarantine/act.h"

enum { DAY = 86400 };

#define NOW INT64_C(1795515240)
#define ONE "AAAAAAAAAAAA"
#define TWO "AABBBBBBBBBB"

#define ENVELOPE(to)                                                                               \
	SAY("220 hello\r\n"), EXPECT("EHLO quarantine.localhost\r\n"),                             \
	    SAY("250-hello\r\n250 8BITMIME\r\n"),                                                  \
	    EXPECT("MAIL FROM:<s@example.com> BODY=8BITMIME\r\n"), SAY("250 ok\r\n"),              \
	    EXPECT("RCPT TO:<" to ">\r\n"), SAY("250 ok\r\n"), EXPECT("DATA\r\n")
#define MESSAGE "Received: from c\n by d\nSubject: hello\n\nbody\n"
#define SENT                                                                                       \
	SAY("354 go\r\n"),                                                                         \
	    EXPECT("Received: from c\r\n by d\r\nSubject: hello\r\n\r\nbody\r\n.\r\n")
#define ACCEPTED SAY("250 2.0.0 Ok: queued as 4jYg1z\r\n"), EXPECT("QUIT\r\n"), SAY("221 bye\r\n")

static const struct step to_alice[] = {ENVELOPE("alice@example.org"), SENT, ACCEPTED, END};

/* What sd_journal_send was given to say, a line each. */
static char journal[4096];

int fake_journal(const char *file, const char *line, const char *function, const char *format,
		 ...) __asm__("sd_journal_send_with_location");
int fake_journal(const char *file _unused_, const char *line _unused_,
		 const char *function _unused_, const char *format, ...)
{
	size_t used = strlen(journal);
	va_list arguments;

	va_start(arguments, format);
	while (format && strncmp(format, "MESSAGE=", 8) != 0)
		format = va_arg(arguments, const char *);
	assert_string_equal(format, "MESSAGE=%s id=%s%s%s");
	for (size_t i = 0; i < 4; i++)
		used += (size_t)snprintf(journal + used, sizeof(journal) - used, "%s%s",
					 i == 1 ? " id=" : "", va_arg(arguments, const char *));
	va_end(arguments);
	snprintf(journal + used, sizeof(journal) - used, "\n");
	return 0;
}

static char *at(const char *folder, const char *name)
{
	char *path = file_join(folder, name);

	assert_non_null(path);
	return path;
}

static bool is_there(const char *folder, const char *name)
{
	_cleanup_free_ char *path = at(folder, name);
	struct stat status;

	return lstat(path, &status) == 0;
}

/* A file as amavis writes it. */
static void put(const char *folder, const char *name, const char *id, const char *to, int64_t time)
{
	_cleanup_free_ char *text = NULL, *path = at(folder, name);
	struct timespec times[2] = {{.tv_sec = time}, {.tv_sec = time}};

	assert_true(
	    asprintf(&text,
		     "X-Envelope-From: <s@example.com>\nX-Envelope-To: %s\n"
		     "X-Quarantine-ID: <%s>\nX-Amavis-Alert: INFECTED, message contains "
		     "virus:\n Eicar.Test\n"
		     "Received: from a by b\n (amavis, port 10024) with ESMTP id %s; x\n" MESSAGE,
		     to, id, id) > 0);
	assert_int_equal(file_replace(path, text, strlen(text), 0600, (uid_t)-1, (gid_t)-1, NULL),
			 0);
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static int folders_make(void **state)
{
	_cleanup_free_ char *held = NULL, *released = NULL;

	if (test_folder_make(state) < 0)
		return -1;
	journal[0] = '\0';
	held = at(*state, "quarantine");
	released = at(*state, "released");
	return mkdir(held, 0700) < 0 || mkdir(released, 0700) < 0 ? -1 : 0;
}

#define quarantine_test(test)                                                                      \
	cmocka_unit_test_setup_teardown(test, folders_make, test_folder_remove)

/* As quarantine_act_begin, for this folder. */
static void begin(struct quarantine_act *act, const char *folder)
{
	*act = QUARANTINE_ACT_INIT;
	assert_int_equal(quarantine_open(&act->quarantine, folder, NULL), 0);
	assert_int_equal(quarantine_list(&act->quarantine, &act->items, NULL), 0);
}

/* Releases `word` to a server that plays `steps`. */
static int release(struct quarantine_act *act, const char *folder, const char *word,
		   struct quarantine_wish wish, const struct step *steps, char **ret_text,
		   struct error *error)
{
	_cleanup_free_ char *socket = NULL;
	struct server server;
	int result;

	wish.socket = socket = server_start_in(&server, folder, steps);
	result = quarantine_act_release(act, word, &wish, ret_text, error);
	server_finish(&server);
	unlink(socket);
	return result;
}

/* Where nobody may be asked: the socket is not there. */
static int release_to_nobody(struct quarantine_act *act, const char *word,
			     struct quarantine_wish wish, struct error *error)
{
	_cleanup_free_ char *text = NULL;
	int result;

	wish.socket = "/nonexistent/socket";
	result = quarantine_act_release(act, word, &wish, &text, error);
	assert_null(text);
	return result;
}

static void a_release_is_delivered_marked_and_logged(void **state)
{
	_cleanup_(quarantine_act_free) struct quarantine_act act = QUARANTINE_ACT_INIT;
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_free_ char *text = NULL;

	put(*state, "quarantine/virus-" ONE, ONE, "<alice@example.org>", NOW);
	begin(&act, *state);
	assert_int_equal(
	    release(&act, *state, ONE, (struct quarantine_wish){0}, to_alice, &text, &error), 0);
	assert_string_equal(text, ONE ": released to 1 recipient, in Postfix's queue as 4jYg1z; a "
				      "virus was found in it");
	assert_string_equal(journal, "release id=" ONE " queue=4jYg1z recipients=1\n");
	assert_false(is_there(*state, "quarantine/virus-" ONE));
	assert_true(is_there(*state, "released/virus-" ONE));
}

static void a_second_release_is_asked_for(void **state)
{
	_cleanup_(quarantine_act_free) struct quarantine_act act = QUARANTINE_ACT_INIT;
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_free_ char *text = NULL, *again = NULL;

	put(*state, "quarantine/virus-" ONE, ONE, "<alice@example.org>", NOW);
	begin(&act, *state);
	assert_int_equal(
	    release(&act, *state, ONE, (struct quarantine_wish){0}, to_alice, &text, &error), 0);
	assert_int_equal(release_to_nobody(&act, ONE, (struct quarantine_wish){0}, &error),
			 -EEXIST);
	assert_non_null(strstr(error_text(&error), "--again"));
	assert_int_equal(release(&act, *state, ONE, (struct quarantine_wish){.again = true},
				 to_alice, &again, &error),
			 0);
	assert_true(is_there(*state, "released/virus-" ONE));
}

static void a_copy_leaves_it_where_it_is(void **state)
{
	static const struct step to_bob[] = {ENVELOPE("bob@example.org"), SENT, ACCEPTED, END};
	_cleanup_(quarantine_act_free) struct quarantine_act act = QUARANTINE_ACT_INIT;
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_free_ char *text = NULL;

	put(*state, "quarantine/virus-" ONE, ONE, "<alice@example.org>", NOW);
	begin(&act, *state);
	assert_int_equal(release(&act, *state, ONE,
				 (struct quarantine_wish){.to = "bob@example.org"}, to_bob, &text,
				 &error),
			 0);
	assert_string_equal(journal, "copy id=" ONE " queue=4jYg1z recipients=1\n");
	assert_true(is_there(*state, "quarantine/virus-" ONE));
	assert_false(is_there(*state, "released/virus-" ONE));
}

static void what_is_no_address_gets_no_copy(void **state)
{
	static const char *const wrong[] = {"",
					    "bob",
					    "@",
					    "a@b>\r\nRCPT TO:<c@d",
					    "a@b, c@d",
					    "a b@example.org",
					    "<bob@example.org>"};
	_cleanup_(quarantine_act_free) struct quarantine_act act = QUARANTINE_ACT_INIT;

	put(*state, "quarantine/virus-" ONE, ONE, "<alice@example.org>", NOW);
	begin(&act, *state);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		_cleanup_(error_clear) struct error error = ERROR_INIT;

		if (release_to_nobody(&act, ONE, (struct quarantine_wish){.to = wrong[i]},
				      &error) != -EINVAL ||
		    !strstr(error_text(&error), "--to: write one address"))
			fail_msg("\"%s\": %s", wrong[i], error_text(&error));
	}
	assert_string_equal(journal, "");
}

static void what_postfix_refuses_stays_in_quarantine(void **state)
{
	static const struct step refused[] = {ENVELOPE("alice@example.org"),
					      SENT,
					      SAY("452 4.3.1 no space\r\n"),
					      EXPECT("QUIT\r\n"),
					      SAY("221 bye\r\n"),
					      END};
	_cleanup_(quarantine_act_free) struct quarantine_act act = QUARANTINE_ACT_INIT;
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_free_ char *text = NULL;

	put(*state, "quarantine/virus-" ONE, ONE, "<alice@example.org>", NOW);
	begin(&act, *state);
	assert_int_equal(
	    release(&act, *state, ONE, (struct quarantine_wish){0}, refused, &text, &error), -EIO);
	assert_non_null(strstr(error_text(&error), ONE ": "));
	assert_null(text);
	assert_string_equal(journal, "");
	assert_true(is_there(*state, "quarantine/virus-" ONE));
}

/* It was delivered, and the mark failed: it may be delivered twice and cannot be lost. */
static void a_mark_that_fails_is_told_and_loses_nothing(void **state)
{
	_cleanup_(quarantine_act_free) struct quarantine_act act = QUARANTINE_ACT_INIT;
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_free_ char *text = NULL;

	put(*state, "quarantine/virus-" ONE, ONE, "<alice@example.org>", NOW);
	put(*state, "released/virus-" ONE, ONE, "<bob@example.org>", NOW);
	begin(&act, *state);
	assert_int_equal(release_to_nobody(&act, "virus-" ONE, (struct quarantine_wish){0}, &error),
			 -ENOTUNIQ);
	error_clear(&error);
	quarantine_items_free(&act.items); /* and now it came between the list and the act */
	act.items.items = calloc(1, sizeof(*act.items.items));
	act.items.count = 1;
	act.items.items[0] =
	    (struct quarantine_item){.name = strdup("virus-" ONE), .named = true, .regular = true};
	act.items.items[0].id = act.items.items[0].name + strlen("virus-");
	assert_int_equal(
	    release(&act, *state, ONE, (struct quarantine_wish){0}, to_alice, &text, &error),
	    -EEXIST);
	assert_non_null(strstr(error_text(&error), "delivered, but not marked as released"));
	assert_true(is_there(*state, "quarantine/virus-" ONE));
	assert_true(is_there(*state, "released/virus-" ONE));
}

/* amavis's folder is not believed: what is no file of its own is not read. */
static void links_and_other_odd_names_are_not_released(void **state)
{
	static const char *const odd[] = {"virus-CCCCCCCCCCCC", "virus-DDDDDDDDDDDD",
					  "virus-EEEEEEEEEEEE", "virus-FFFFFFFFFFFF"};
	_cleanup_(quarantine_act_free) struct quarantine_act act = QUARANTINE_ACT_INIT;
	_cleanup_free_ char *folder = at(*state, "quarantine"), *secret = at(*state, "secret");
	_cleanup_close_ int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	put(*state, "secret", "CCCCCCCCCCCC", "<alice@example.org>", NOW);
	assert_int_equal(symlinkat("../secret", fd, odd[0]), 0);
	assert_int_equal(linkat(AT_FDCWD, secret, fd, odd[1], 0), 0);
	assert_int_equal(mkfifoat(fd, odd[2], 0600), 0);
	assert_int_equal(mkdirat(fd, odd[3], 0700), 0);
	begin(&act, *state);
	assert_int_equal(act.items.count, ARRAY_SIZE(odd));
	for (size_t i = 0; i < ARRAY_SIZE(odd); i++) {
		_cleanup_(error_clear) struct error error = ERROR_INIT;

		assert_int_equal(
		    release_to_nobody(&act, odd[i], (struct quarantine_wish){0}, &error), -EINVAL);
		assert_non_null(
		    strstr(error_text(&error), "no regular file, or has a second name"));
	}
	assert_string_equal(journal, "");
}

/* Listed as a file, and another thing when it is opened. */
static void a_name_that_became_a_link_is_not_followed(void **state)
{
	_cleanup_(quarantine_act_free) struct quarantine_act act = QUARANTINE_ACT_INIT;
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_free_ char *path = at(*state, "quarantine/virus-" ONE);

	put(*state, "secret", ONE, "<alice@example.org>", NOW);
	put(*state, "quarantine/virus-" ONE, ONE, "<alice@example.org>", NOW);
	begin(&act, *state);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("../secret", path), 0);
	assert_int_equal(release_to_nobody(&act, ONE, (struct quarantine_wish){0}, &error),
			 -EINVAL);
	assert_true(is_there(*state, "secret"));
}

static void a_name_that_is_gone_is_told(void **state)
{
	_cleanup_(quarantine_act_free) struct quarantine_act act = QUARANTINE_ACT_INIT;
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_free_ char *path = at(*state, "quarantine/virus-" ONE);

	put(*state, "quarantine/virus-" ONE, ONE, "<alice@example.org>", NOW);
	begin(&act, *state);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(release_to_nobody(&act, ONE, (struct quarantine_wish){0}, &error),
			 -EINVAL);
	assert_non_null(strstr(error_text(&error), "cannot open it: No such file"));
}

static void an_id_may_be_short_but_not_ambiguous(void **state)
{
	_cleanup_(quarantine_act_free) struct quarantine_act act = QUARANTINE_ACT_INIT;
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_free_ char *text = NULL;

	put(*state, "quarantine/virus-" ONE, ONE, "<alice@example.org>", NOW);
	put(*state, "quarantine/virus-" TWO, TWO, "<alice@example.org>", NOW);
	begin(&act, *state);
	assert_int_equal(release_to_nobody(&act, "AA", (struct quarantine_wish){0}, &error),
			 -ENOTUNIQ);
	assert_int_equal(release_to_nobody(&act, "", (struct quarantine_wish){0}, &error), -ENOENT);
	assert_int_equal(release_to_nobody(&act, "ZZ", (struct quarantine_wish){0}, &error),
			 -ENOENT);
	assert_int_equal(
	    release(&act, *state, "AAA", (struct quarantine_wish){0}, to_alice, &text, &error), 0);
	assert_true(is_there(*state, "released/virus-" ONE));
	assert_true(is_there(*state, "quarantine/virus-" TWO));
}

static void one_is_deleted_by_its_whole_id_alone(void **state)
{
	_cleanup_(quarantine_act_free) struct quarantine_act act = QUARANTINE_ACT_INIT;
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_free_ char *text = NULL;

	put(*state, "quarantine/virus-" ONE, ONE, "<alice@example.org>", NOW);
	put(*state, "quarantine/virus-" TWO, TWO, "<alice@example.org>", NOW);
	begin(&act, *state);
	assert_int_equal(quarantine_act_delete(&act, "AAB", &text, &error), -ENOENT);
	assert_non_null(strstr(error_text(&error), "here the id is whole"));
	assert_int_equal(quarantine_act_delete(&act, TWO, &text, &error), 0);
	assert_string_equal(text, TWO ": deleted");
	assert_string_equal(journal, "delete id=" TWO " by=root\n");
	assert_true(is_there(*state, "quarantine/virus-" ONE));
	assert_false(is_there(*state, "quarantine/virus-" TWO));
}

/* The file's name is amavis's, and so may be anything: it does not become two words or lines
 * of the journal. */
static void a_name_from_hell_is_deleted_and_said_as_one_word(void **state)
{
	static const char name[] = "a b\n\033[2Jdelete id=x";
	_cleanup_(quarantine_act_free) struct quarantine_act act = QUARANTINE_ACT_INIT;
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_free_ char *text = NULL, *path = NULL;

	assert_true(asprintf(&path, "quarantine/%s", name) > 0);
	put(*state, path, ONE, "<alice@example.org>", NOW);
	begin(&act, *state);
	assert_int_equal(quarantine_act_delete(&act, name, &text, &error), 0);
	assert_false(is_there(*state, path));
	assert_null(strpbrk(text, "\n\033"));
	assert_non_null(strstr(journal, "delete id=a?b"));
	assert_ptr_equal(strchr(journal, '\n'), journal + strlen(journal) - 1);
	assert_null(strchr(journal, '\033'));
	assert_non_null(strstr(journal, " by=root\n"));
	assert_ptr_equal(strchr(strchr(journal, ' ') + 1, ' '), strstr(journal, " by=root\n"));
}

/* A link is removed, never what it points at. */
static void deleting_a_link_leaves_what_it_points_at(void **state)
{
	_cleanup_(quarantine_act_free) struct quarantine_act act = QUARANTINE_ACT_INIT;
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_free_ char *path = at(*state, "quarantine/virus-" ONE), *text = NULL;

	put(*state, "secret", ONE, "<alice@example.org>", NOW);
	begin(&act, *state);
	assert_int_equal(symlink("../secret", path), 0);
	quarantine_items_free(&act.items);
	assert_int_equal(quarantine_list(&act.quarantine, &act.items, NULL), 0);
	assert_int_equal(quarantine_act_delete(&act, ONE, &text, &error), 0);
	assert_false(is_there(*state, "quarantine/virus-" ONE));
	assert_true(is_there(*state, "secret"));
}

static void what_cannot_be_deleted_is_told_and_not_logged(void **state)
{
	_cleanup_(quarantine_act_free) struct quarantine_act act = QUARANTINE_ACT_INIT;
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_free_ char *path = at(*state, "quarantine/virus-" ONE), *text = NULL;

	assert_int_equal(mkdir(path, 0700), 0);
	begin(&act, *state);
	assert_true(quarantine_act_delete(&act, ONE, &text, &error) < 0);
	assert_non_null(strstr(error_text(&error), ONE ": cannot remove it"));
	assert_string_equal(journal, "");
}

static void those_older_than_some_days_are_deleted(void **state)
{
	_cleanup_(quarantine_act_free) struct quarantine_act act = QUARANTINE_ACT_INIT;
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_free_ char *folder = at(*state, "quarantine/virus-CCCCCCCCCCCC");
	struct timespec old[2] = {{.tv_sec = NOW - 99 * DAY}, {.tv_sec = NOW - 99 * DAY}};
	size_t count = 0;

	put(*state, "quarantine/virus-" ONE, ONE, "<alice@example.org>", NOW - 30 * DAY - 1);
	put(*state, "quarantine/virus-" TWO, TWO, "<alice@example.org>", NOW - 30 * DAY);
	put(*state, "released/virus-EEEEEEEEEEEE", "EEEEEEEEEEEE", "<a@b>", NOW - 40 * DAY);
	assert_int_equal(mkdir(folder, 0700), 0); /* a person decides of what is none */
	assert_int_equal(utimensat(AT_FDCWD, folder, old, 0), 0);
	begin(&act, *state);
	assert_int_equal(quarantine_act_delete_older(&act, "30", NOW, &count, &error), 0);
	assert_int_equal(count, 2);
	assert_false(is_there(*state, "quarantine/virus-" ONE));
	assert_true(is_there(*state, "quarantine/virus-" TWO));
	assert_false(is_there(*state, "released/virus-EEEEEEEEEEEE"));
	assert_true(is_there(*state, "quarantine/virus-CCCCCCCCCCCC"));
	assert_string_equal(journal, "delete id=EEEEEEEEEEEE by=root\ndelete id=" ONE " by=root\n");
}

static void days_are_a_number(void **state)
{
	static const char *const wrong[] = {"",	  "0",	   "-1",      "3d", " 3",
					    "+3", "36501", "9999999", "1e3"};
	_cleanup_(quarantine_act_free) struct quarantine_act act = QUARANTINE_ACT_INIT;
	size_t count = 0;

	put(*state, "quarantine/virus-" ONE, ONE, "<alice@example.org>", 1);
	begin(&act, *state);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		_cleanup_(error_clear) struct error error = ERROR_INIT;

		assert_int_equal(quarantine_act_delete_older(&act, wrong[i], NOW, &count, &error),
				 -EINVAL);
	}
	assert_int_equal(count, 0);
	assert_true(is_there(*state, "quarantine/virus-" ONE));
}

/* What quarantine_show_message prints, to a file in the folder. */
static char *shown(void **state, const char *name, bool raw)
{
	_cleanup_(quarantine_act_free) struct quarantine_act act = QUARANTINE_ACT_INIT;
	_cleanup_(quarantine_entry_free) struct quarantine_entry entry = QUARANTINE_ENTRY_INIT;
	_cleanup_free_ char *path = at(*state, "shown");
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	const struct quarantine_item *item;
	_cleanup_close_ int fd = -1, saved = -1;
	char *text = NULL;
	int result;

	begin(&act, *state);
	assert_int_equal(quarantine_find(&act.items, name, false, &item, &error), 0);
	quarantine_entry_load(&act.quarantine, item, &entry, &fd);
	fflush(stdout);
	saved = dup(STDOUT_FILENO);
	assert_non_null(freopen(path, "w", stdout));
	result = quarantine_show_message(fd, &entry, raw, &error);
	fflush(stdout);
	dup2(saved, STDOUT_FILENO);
	assert_int_equal(result, 0);
	assert_int_equal(file_read(path, 1 << 20, &text, NULL, &error), 0);
	return text;
}

static void a_header_is_shown_without_what_does_things_to_terminals(void **state)
{
	_cleanup_free_ char *path = at(*state, "quarantine/virus-" ONE), *text = NULL;

	put(*state, "quarantine/virus-" ONE, ONE, "<alice@example.org>", NOW);
	FILE *file = fopen(path, "r+");
	fseek(file, -(long)strlen("Subject: hello\n\nbody\n"), SEEK_END);
	fputs("Subject: \033[2J\n folded\n\nbody\n", file);
	fclose(file);
	text = shown(state, ONE, false);
	assert_non_null(strstr(text, "Received: from c\n    by d\n"));
	assert_non_null(strstr(text, "Subject: "));
	assert_non_null(strstr(text, "\n    folded\n"));
	assert_null(strchr(text, '\033'));
	assert_null(strstr(text, "body"));
	assert_null(strstr(text, "X-Envelope"));
}

static void a_raw_message_is_byte_for_byte(void **state)
{
	_cleanup_free_ char *text = NULL;

	put(*state, "quarantine/virus-" ONE, ONE, "<alice@example.org>", NOW);
	text = shown(state, ONE, true);
	assert_string_equal(text, MESSAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    quarantine_test(a_release_is_delivered_marked_and_logged),
	    quarantine_test(a_second_release_is_asked_for),
	    quarantine_test(a_copy_leaves_it_where_it_is),
	    quarantine_test(what_is_no_address_gets_no_copy),
	    quarantine_test(what_postfix_refuses_stays_in_quarantine),
	    quarantine_test(a_mark_that_fails_is_told_and_loses_nothing),
	    quarantine_test(links_and_other_odd_names_are_not_released),
	    quarantine_test(a_name_that_became_a_link_is_not_followed),
	    quarantine_test(a_name_that_is_gone_is_told),
	    quarantine_test(an_id_may_be_short_but_not_ambiguous),
	    quarantine_test(one_is_deleted_by_its_whole_id_alone),
	    quarantine_test(a_name_from_hell_is_deleted_and_said_as_one_word),
	    quarantine_test(deleting_a_link_leaves_what_it_points_at),
	    quarantine_test(what_cannot_be_deleted_is_told_and_not_logged),
	    quarantine_test(those_older_than_some_days_are_deleted),
	    quarantine_test(days_are_a_number),
	    quarantine_test(a_header_is_shown_without_what_does_things_to_terminals),
	    quarantine_test(a_raw_message_is_byte_for_byte),
	};

	return cmocka_run_group_tests_name("quarantine act", tests, NULL, NULL);
}
