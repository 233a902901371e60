// SPDX-License-Identifier: GPL-3.0-or-later
/* A conversion, in three steps of the account of the mailboxes: a first copy, whose bytes are
 * compared, while the person goes on working; a second one, and all else compared, while he is
 * paused; and what is to be done when the new one counts.  Root asks the directory for the pause
 * and the switch.
 *
 * Paused, Dovecot's table of users lets nobody in and has deliveries wait.  Whoever was in already
 * is sent away, and Dovecot is asked who is left: deliveries that are under way are waited for. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json_file.h"
#include "base/process.h"
#include "base/slice.h"
#include "directory/directory.h"
#include "import/lock.h"
#include "mailbox/compare.h"
#include "mailbox/worker.h"

enum {
	PAUSE_SECONDS = 300,
	MARGIN_MS = 10 * 1000, /* the switch has to come before the pause ends by itself */
	GONE_MS = 30 * 1000,   /* for who is in to be out */
	LOOK_MS = 200,
	ASK_MS = 30 * 1000,
	DROP_MS = 10 * 60 * 1000,
};

struct conversion {
	struct comparison comparison;
	bool dry;
};

/* ---- By the account of the mailboxes ---- */

static int first_copy(void *context, json_t *said _unused_, struct error *error)
{
	struct conversion *conversion = context;
	struct comparison *comparison = &conversion->comparison;
	const struct mailbox_owner *owner = comparison->owner;
	bool shared = false;
	int result = file_make_folders(owner->home, 0700, error);

	if (result == 0)
		result = mailbox_is_shared(owner->home, comparison->from, &shared, error);

	if (result == 0 && shared)
		result = error_set(
		    error, EBUSY,
		    "folders of it are shared, and who reads them would lose what he has "
		    "seen; `postcask share list %s` shows with whom, take that back first",
		    owner->login);
	if (result == 0)
		result = mailbox_check_room(owner, comparison->from, error);
	if (result < 0 || conversion->dry)
		return result;
	result = mailbox_begin_copy(owner->home, comparison->to, time(NULL), error);
	if (result == 0)
		result =
		    mailbox_copy(owner, comparison->from, comparison->to, MAILBOX_COPY_MS, error);
	return result < 0 ? result : compare_bytes(comparison, error);
}

/* On the disk, all of it. */
static int sync_home(const char *home, struct error *error)
{
	_cleanup_close_ int folder = open(home, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return folder < 0 || syncfs(folder) < 0 ? error_errno(error, errno, "%s", home) : 0;
}

static int second_copy(void *context, json_t *said, struct error *error)
{
	struct conversion *conversion = context;
	struct comparison *comparison = &conversion->comparison;
	const struct mailbox_owner *owner = comparison->owner;
	int result =
	    mailbox_copy(owner, comparison->from, comparison->to, PAUSE_SECONDS * 1000, error);

	if (result == 0)
		result = compare_all(comparison, said, error);
	return result < 0 ? result : sync_home(owner->home, error);
}

/* Once more, without a copy: nobody wrote to what was the mailbox after that. */
static int look_again(void *context, json_t *said, struct error *error)
{
	struct conversion *conversion = context;

	return compare_all(&conversion->comparison, said, error);
}

static int finish(void *context, json_t *said _unused_, struct error *error)
{
	struct conversion *conversion = context;
	struct comparison *comparison = &conversion->comparison;
	const char *home = comparison->owner->home;
	int result = mailbox_end_copy(home, comparison->to, error);

	return result < 0 ? result : mailbox_put_aside(home, comparison->from, time(NULL), error);
}

static int drop(void *context, json_t *said _unused_, struct error *error)
{
	struct conversion *conversion = context;
	const struct comparison *comparison = &conversion->comparison;

	return mailbox_drop_copy(comparison->owner->home, comparison->to, error);
}

/* ---- The pause ---- */

static int ask(json_t *question, json_t **ret, struct error *error)
{
	_cleanup_json_ json_t *asked = question;

	return asked ? directory_ask(asked, ret, error)
		     : error_set(error, EINVAL, "an address is UTF-8");
}

static int pause_for(const char *login, const char *who, int seconds, long long *ret_until,
		     struct error *error)
{
	_cleanup_json_ json_t *answer = NULL;
	int result = ask(json_pack("{s:s, s:s, s:s, s:i}", "do", "mailbox-pause", "who", who,
				   "address", login, "seconds", seconds),
			 &answer, error);

	if (ret_until)
		*ret_until = json_number(answer, "until");
	return result;
}

static int doveadm(const char *const *argv, struct buffer *said, struct error *error)
{
	const struct process process = {.argv = argv, .timeout_ms = ASK_MS};

	return process_run(&process, said, error);
}

/* Who is in has a line below the first. */
static int is_in(const char *login, bool *ret, struct error *error)
{
	const char *const argv[] = {"doveadm", "-f", "tab", "who", "--", login, NULL};
	_cleanup_(buffer_free) struct buffer said = BUFFER_INIT;
	struct slice rest, line;
	int status = doveadm(argv, &said, error);

	*ret = false;
	if (status != 0)
		return status < 0 ? status
				  : error_set(error, EIO, "Dovecot does not say who is in: %.200s",
					      buffer_text(&said));
	rest = (struct slice){buffer_text(&said), said.size};
	while (slice_until(&rest, SLICE("\n"), &line))
		*ret =
		    *ret || (slice_skip(&line, slice_of(login)) && slice_starts(line, SLICE("\t")));
	return 0;
}

/* Twice nobody, with time between for one who had asked before the pause and was not in yet. */
static int send_away(const char *login, struct error *error)
{
	const char *const kick[] = {"doveadm", "kick", "--", login, NULL};
	int64_t deadline_ms = clock_now_ms() + GONE_MS;
	unsigned empty = 0;

	while (empty < 2) {
		_cleanup_(buffer_free) struct buffer said = BUFFER_INIT;
		bool in = true;
		int result = doveadm(kick, &said, error);

		poll(NULL, 0, LOOK_MS); /* nobody tells of one who goes */
		if (result >= 0)
			result = is_in(login, &in, error);
		if (result < 0)
			return result;
		empty = in ? 0 : empty + 1;
		if (clock_now_ms() > deadline_ms && in)
			return error_set(error, EBUSY,
					 "a session of %s, or a delivery, does not end; repeat it",
					 login);
	}
	return 0;
}

/* ---- All of it ---- */

static int step(struct worker *worker, int timeout_ms, json_t **ret, struct error *error)
{
	_cleanup_json_ json_t *said = NULL;
	int result = worker_step(worker, timeout_ms, &said, error);

	if (ret)
		*ret = TAKE_POINTER(said);
	return result;
}

static int change_over(struct worker *worker, const struct conversion *conversion, const char *who,
		       json_t **ret_said, struct error *error)
{
	const struct comparison *comparison = &conversion->comparison;
	const char *login = comparison->owner->login;
	_cleanup_json_ json_t *answer = NULL;
	int64_t end_ms = clock_now_ms() + PAUSE_SECONDS * 1000 - MARGIN_MS;
	long long until = 0;
	bool in = false;
	int result = pause_for(login, who, PAUSE_SECONDS, &until, error);

	if (result == 0)
		result = send_away(login, error);
	if (result == 0)
		result = step(worker, clock_left_ms(end_ms), ret_said, error);
	if (result == 0)
		result = is_in(login, &in, error);
	if (result == 0 && in)
		result = error_set(error, EBUSY, "%s came in meanwhile; repeat it", login);
	if (result == 0)
		result = step(worker, clock_left_ms(end_ms), NULL, error);
	if (result == 0)
		result = ask(json_pack("{s:s, s:s, s:s, s:s, s:I}", "do", "mailbox-switch", "who",
				       who, "address", login, "format", comparison->to->name,
				       "until", (json_int_t)until),
			     &answer, error);
	return result;
}

/* Whether the table of users still has what was.  It answers in the order in which it is asked: a
 * switch whose answer did not come has been made before this, or is not made any more. */
static int still_counts(const struct comparison *comparison, const char *who, struct error *error)
{
	const char *login = comparison->owner->login;
	_cleanup_json_ json_t *answer = NULL;
	int result = pause_for(login, who, 0, NULL, error);

	if (result == 0)
		result = ask(json_pack("{s:s, s:s}", "do", "user-show", "address", login), &answer,
			     error);
	if (result == 0 && strcmp(json_text(json_object_get(answer, "user"), "format"),
				  comparison->from->name) != 0)
		result = error_set(error, EEXIST, "%s has the new format", login);
	return result;
}

/* The copy goes only when it is certain that it is none but a copy. */
static void give_up(struct worker *worker, struct conversion *conversion, const char *who)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_json_ json_t *said = NULL;

	worker_end(worker);
	if (still_counts(&conversion->comparison, who, &error) < 0 ||
	    mailbox_as_owner(drop, conversion, DROP_MS, &said, &error) < 0)
		error_print(&error);
}

/* Keeps Ctrl-C out of the moment in which others wait. */
static void hold_signals(bool hold)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(hold ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
}

/* The words of a new mailbox are indexed by Dovecot when somebody looks for one; this is earlier.
 */
static void index_anew(const char *login)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	const char *const argv[] = {"doveadm", "index", "-q", "-u", login, "*", NULL};
	_cleanup_(buffer_free) struct buffer said = BUFFER_INIT;

	if (doveadm(argv, &said, &error) != 0)
		fprintf(stderr, "postcask: the words of %s are indexed later\n", login);
}

static int run(struct worker *worker, struct conversion *conversion, const char *who,
	       json_t **ret_said, int64_t *ret_paused_ms, struct error *error)
{
	int64_t begin_ms;
	int result = step(worker, 3 * MAILBOX_COPY_MS, NULL, error);

	if (conversion->dry)
		return result;
	hold_signals(true);
	begin_ms = clock_now_ms();
	if (result == 0)
		result = change_over(worker, conversion, who, ret_said, error);
	*ret_paused_ms = clock_now_ms() - begin_ms;
	if (result < 0) {
		give_up(worker, conversion, who);
	} else if (step(worker, ASK_MS, NULL, error) < 0) {
		/* It counts already; the next conversion tidies up. */
		error_print(error);
		error_clear(error);
	}
	hold_signals(false);
	if (result == 0)
		index_anew(conversion->comparison.owner->login);
	return result;
}

int mailbox_tidy(const char *login, const struct mailbox_format *from,
		 const struct mailbox_format *to, struct error *error)
{
	_cleanup_free_ char *home = mailbox_home(login);
	const struct mailbox_owner owner = {login, home};
	struct conversion conversion = {{&owner, from, to, ROWS_INIT}, false};
	_cleanup_json_ json_t *said = NULL;
	_cleanup_close_ int lock = -1;
	int result;

	if (!home)
		return error_set(error, EINVAL, "%s is no login", login);
	result = import_lock(home, login, &lock, error);
	return result < 0 ? result : mailbox_as_owner(finish, &conversion, ASK_MS, &said, error);
}

int mailbox_convert(const char *login, const struct mailbox_format *from,
		    const struct mailbox_format *to, const char *who, bool dry, json_t **ret,
		    struct error *error)
{
	_cleanup_free_ char *home = mailbox_home(login);
	const struct mailbox_owner owner = {login, home};
	struct conversion conversion = {{&owner, from, to, ROWS_INIT}, dry};
	_cleanup_(worker_end) struct worker worker = {
	    .steps = {first_copy, second_copy, look_again, finish}, .context = &conversion};
	_cleanup_json_ json_t *said = NULL;
	_cleanup_close_ int lock = -1;
	int64_t begin_ms = clock_now_ms(), paused_ms = 0;
	int result;

	if (!home)
		return error_set(error, EINVAL, "%s is no login", login);
	result = import_lock(home, login, &lock, error);
	if (result == 0)
		result = worker_start(&worker, error);
	if (result == 0)
		result = run(&worker, &conversion, who, &said, &paused_ms, error);
	if (result < 0)
		return result;
	*ret = json_pack(
	    "{s:s, s:s, s:s, s:I, s:I, s:f, s:f}", "address", login, "from", from->name, "to",
	    to->name, "messages", (json_int_t)json_number(said, "messages"), "bytes",
	    (json_int_t)json_number(said, "bytes"), "seconds",
	    (double)(clock_now_ms() - begin_ms) / 1000, "paused_seconds", (double)paused_ms / 1000);
	return *ret ? 0 : error_set(error, ENOMEM, "out of memory");
}
