// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/probe_mail.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "net/imap.h"
#include "net/pop3.h"
#include "net/smtp.h"

enum {
	QUARANTINE_READ = 16 * 1024, /* the header with the Message-ID is within */
	QUARANTINE_FILES = 1000,
};

static enum failure_class send_mail(struct probe_run *run, enum mail mail, struct session *session,
				    struct probe_result *result)
{
	const struct message *message = &run->messages[mail];
	_cleanup_(smtp_reply_free) struct smtp_reply reply = SMTP_REPLY_INIT;
	struct smtp_envelope envelope = {
	    .from = PROBE_ADDRESS,
	    .to = PROBE_ADDRESS,
	    .message = message->text.data,
	    .size = message->text.size,
	};

	if (smtp_send(session, &envelope, &reply))
		return probe_take_failure(result, &session->stream);
	return FAILURE_NONE;
}

enum failure_class probe_mail_receive(struct probe_run *run, const struct probe *probe,
				      struct probe_result *result)
{
	struct session *session;
	enum failure_class failure = probe_converse(run, probe, STAGE_CLEAR, &session, result);

	return failure ? failure : send_mail(run, probe->mail, session, result);
}

enum failure_class probe_mail_submit(struct probe_run *run, const struct probe *probe,
				     struct probe_result *result)
{
	struct session *session;
	enum failure_class failure = probe_converse(run, probe, STAGE_LOGIN, &session, result);

	return failure ? failure : send_mail(run, probe->mail, session, result);
}

/* How long a message was on its way, for people. */
static void describe_arrival(const struct probe_run *run, struct probe_result *result)
{
	if (asprintf(&result->detail, "seen %.1f s after the start of the run",
		     (double)(clock_now_ms() - run->started_ms) / 1000) < 0)
		result->detail = NULL;
}

static enum failure_class await_in(struct probe_run *run, const struct probe *probe,
				   const char *folder, struct probe_result *result)
{
	enum failure_class failure =
	    mailbox_await(&run->mailbox, folder, run->messages[probe->mail].id,
			  probe_mail_deadline(run), &result->failure);

	if (!failure)
		describe_arrival(run, result);
	return failure;
}

enum failure_class probe_mail_inbox(struct probe_run *run, const struct probe *probe,
				    struct probe_result *result)
{
	return await_in(run, probe, MAILBOX_INBOX, result);
}

enum failure_class probe_mail_spam(struct probe_run *run, const struct probe *probe,
				   struct probe_result *result)
{
	return await_in(run, probe, MAILBOX_SPAM, result);
}

/* Does this file of the quarantine hold the message? */
static bool holds_message(int folder, const char *name, const char *message_id)
{
	_cleanup_free_ char *bytes = malloc(QUARANTINE_READ);
	_cleanup_close_ int fd =
	    openat(folder, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
	struct stat status;
	ssize_t size;

	if (!bytes || fd < 0 || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))
		return false;
	size = read(fd, bytes, QUARANTINE_READ);
	return size > 0 && memmem(bytes, (size_t)size, message_id, strlen(message_id));
}

/* Looks for the message, or, when that is NULL, for anything, and removes it: 1 when
 * it was there, 0 when not, negative errno. */
static int remove_quarantined(const char *path, const char *message_id)
{
	_cleanup_closedir_ DIR *folder = opendir(path);
	const struct dirent *entry;
	int count = 0;
	int found = 0;

	if (!folder)
		return -errno;
	while ((entry = readdir(folder)) && count++ < QUARANTINE_FILES) {
		if (entry->d_name[0] == '.' ||
		    (message_id && !holds_message(dirfd(folder), entry->d_name, message_id)))
			continue;
		if (unlinkat(dirfd(folder), entry->d_name, 0) < 0)
			return -errno;
		found = 1;
		if (message_id)
			break;
	}
	return found;
}

/* Waits for a change in the quarantine folder.  False at the deadline. */
static bool await_change(struct probe_run *run, int64_t deadline_ms)
{
	char events[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	struct pollfd wait = {.fd = run->quarantine_fd, .events = POLLIN};
	int left = clock_left_ms(deadline_ms);

	if (left == 0 || (poll(&wait, 1, left) <= 0 && errno != EINTR))
		return false;
	while (read(run->quarantine_fd, events, sizeof(events)) > 0)
		;
	return true;
}

enum failure_class probe_mail_quarantine(struct probe_run *run, const struct probe *probe,
					 struct probe_result *result)
{
	const char *path = run->settings->quarantine;
	int64_t deadline_ms = probe_mail_deadline(run);
	int found;

	if (run->quarantine_fd < 0)
		return failure_set(&result->failure, FAILURE_RESOURCE, "cannot watch %s", path);
	do
		found = remove_quarantined(path, run->messages[probe->mail].id);
	while (found == 0 && await_change(run, deadline_ms));
	if (found < 0)
		return failure_set(&result->failure, FAILURE_RESOURCE, "cannot clean %s: %s", path,
				   strerror(-found));
	if (found == 0)
		return failure_set(
		    &result->failure, FAILURE_TIMEOUT,
		    "the test virus did not come into quarantine before the deadline");
	describe_arrival(run, result);
	return FAILURE_NONE;
}

static enum failure_class compare(struct probe_run *run, const struct buffer *fetched,
				  struct probe_result *result)
{
	const struct message *sent = &run->messages[MAIL_IN];
	size_t difference;

	if (message_matches(sent, buffer_text(fetched), fetched->size, &difference))
		return FAILURE_NONE;
	return failure_set(&result->failure, FAILURE_CONTENT,
			   "the message came back changed at byte %zu of its body", difference);
}

static enum failure_class fetch_imap(struct probe_run *run, struct session *session,
				     struct buffer *fetched)
{
	const struct message *sent = &run->messages[MAIL_IN];
	enum failure_class failure = imap_select(session, MAILBOX_INBOX);
	unsigned uid = 0;

	if (!failure)
		failure = imap_search(session, sent->id, &uid, NULL);
	if (!failure && uid == 0)
		failure = failure_set(&session->stream.failure, FAILURE_CONTENT,
				      "the message is not in INBOX");
	return failure ? failure : imap_fetch(session, uid, fetched);
}

enum failure_class probe_mail_fetch_imap(struct probe_run *run, const struct probe *probe,
					 struct probe_result *result)
{
	_cleanup_(buffer_free) struct buffer fetched = BUFFER_INIT;
	struct session *session;
	enum failure_class failure = probe_converse(run, probe, STAGE_LOGIN, &session, result);

	if (failure)
		return failure;
	if (fetch_imap(run, session, &fetched))
		return probe_take_failure(result, &session->stream);
	return compare(run, &fetched, result);
}

static enum failure_class fetch_pop3(struct probe_run *run, struct session *session,
				     struct buffer *fetched)
{
	unsigned number = 0;
	enum failure_class failure = pop3_find(session, run->messages[MAIL_IN].id, &number);

	if (!failure && number == 0)
		failure = failure_set(&session->stream.failure, FAILURE_CONTENT,
				      "the message is not there");
	return failure ? failure : pop3_retrieve(session, number, fetched);
}

enum failure_class probe_mail_fetch_pop3(struct probe_run *run, const struct probe *probe,
					 struct probe_result *result)
{
	_cleanup_(buffer_free) struct buffer fetched = BUFFER_INIT;
	struct session *session;
	enum failure_class failure;

	/* A session sees the mail that was there when it began (RFC 1939 §5). */
	session_free(&run->sessions[probe->port][probe->conversation]);
	failure = probe_converse(run, probe, STAGE_LOGIN, &session, result);
	if (failure)
		return failure;
	if (fetch_pop3(run, session, &fetched))
		return probe_take_failure(result, &session->stream);
	return compare(run, &fetched, result);
}

enum failure_class probe_mail_unchanged(struct probe_run *run, const struct probe *probe _unused_,
					struct probe_result *result)
{
	_cleanup_(buffer_free) struct buffer fetched = BUFFER_INIT;

	if (!run->mailbox.maildir) {
		result->detail = strdup("the mailbox's protocols compare it");
		result->outcome = PROBE_SKIPPED;
		return FAILURE_NONE;
	}
	if (mailbox_fetch(&run->mailbox, MAILBOX_INBOX, run->messages[MAIL_IN].id, &fetched,
			  &result->failure))
		return result->failure.class;
	return compare(run, &fetched, result);
}

enum failure_class probe_mail_virus_held(struct probe_run *run, const struct probe *probe,
					 struct probe_result *result)
{
	static const char *const folders[] = {MAILBOX_INBOX, MAILBOX_SPAM};

	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		bool delivered = false;
		enum failure_class failure =
		    mailbox_has(&run->mailbox, folders[i], run->messages[probe->mail].id,
				&delivered, &result->failure);

		if (failure)
			return failure;
		if (delivered)
			return failure_set(&result->failure, FAILURE_POLICY,
					   "the test virus was delivered to %s", folders[i]);
	}
	return FAILURE_NONE;
}

enum failure_class probe_mail_clean(struct probe_run *run, const struct probe *probe _unused_,
				    struct probe_result *result)
{
	enum failure_class failure = mailbox_clean(&run->mailbox, MAILBOX_INBOX, &result->failure);
	int removed;

	if (!failure)
		failure = mailbox_clean(&run->mailbox, MAILBOX_SPAM, &result->failure);
	/* Also what came too late for the run before. */
	removed = remove_quarantined(run->settings->quarantine, NULL);
	if (!failure && removed < 0)
		failure = failure_set(&result->failure, FAILURE_RESOURCE, "cannot clean %s: %s",
				      run->settings->quarantine, strerror(-removed));
	return failure;
}
