// SPDX-License-Identifier: GPL-3.0-or-later
#include "import/imap_scan.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"

enum {
	SCANS = 3,
	SCAN_BLOCK = 500,	       /* messages listed by one command */
	SCAN_BYTES = 64 * 1024 * 1024, /* and what their headers may have */
	SLOW_BYTES_MS = 32,	       /* a line that is slower brings nobody's mail */
	OTHER_BYTES = 1024 * 1024,     /* besides a message's own */
};

void imap_allow(struct session *session, int answer_ms, uint64_t bytes)
{
	session->stream.deadline_ms = clock_now_ms() + answer_ms + (int64_t)(bytes / SLOW_BYTES_MS);
	session->stream.total = 0;
	session->stream.total_limit = bytes + OTHER_BYTES;
}

int imap_error(const struct session *session, struct error *error)
{
	const struct failure *failure = &session->stream.failure;

	return error_set(error, failure->class == FAILURE_CONTENT ? ENOENT : EIO, "%s",
			 failure_text(failure));
}

struct scan {
	struct messages *messages;
	struct error *error;
	int result;
	long long exists;
};

static void take_exists(struct session *session _unused_, const struct imap_response *response,
			void *context)
{
	struct slice line = {buffer_text(&response->text), response->text.size};
	struct scan *scan = context;
	long long number;

	if (slice_skip(&line, SLICE("* ")) && slice_number(&line, &number) &&
	    slice_equal_case(line, SLICE(" EXISTS")))
		scan->exists = number;
}

static void take_message(struct session *session _unused_, const struct imap_response *response,
			 void *context)
{
	struct scan *scan = context;
	struct message message = {0};
	struct fetched fetched;

	/* Others may come in between: flags that somebody changed. */
	if (scan->result < 0 || !words_fetch(response, &fetched) || !fetched.uid ||
	    !fetched.has_size || !fetched.has_body)
		return;
	message.number = fetched.uid;
	message.size = fetched.size;
	message_key(fetched.body, fetched.date, message.key);
	scan->result = messages_add(scan->messages, &message, scan->error);
}

static int compare_number(const void *a, const void *b)
{
	const struct message *one = a, *other = b;

	return (one->number > other->number) - (one->number < other->number);
}

/* Is each there once, and are they as many as the server says? */
static int check_scan(struct scan *scan, struct error *error)
{
	struct messages *messages = scan->messages;

	if (messages->count)
		qsort(messages->list, messages->count, sizeof(*messages->list), compare_number);
	for (size_t i = 1; i < messages->count; i++)
		if (messages->list[i].number == messages->list[i - 1].number)
			return error_set(error, EPROTO, "the server shows message %u twice",
					 messages->list[i].number);
	if ((long long)messages->count != scan->exists)
		return error_set(error, EPROTO, "the server says %lld messages and shows %zu",
				 scan->exists, messages->count);
	return 0;
}

static int scan_once(struct session *session, const char *quoted, int answer_ms,
		     struct messages *ret, struct error *error)
{
	struct scan scan = {.messages = ret, .error = error, .exists = -1};

	imap_allow(session, answer_ms, 0);
	if (imap_run(session, take_exists, &scan, "EXAMINE %s", quoted))
		return imap_error(session, error);
	if (scan.exists < 0 || scan.exists > MESSAGES_MAX)
		return error_set(error, EPROTO, "the server says no number of messages, or over %d",
				 (int)MESSAGES_MAX);
	for (long long first = 1; first <= scan.exists; first += SCAN_BLOCK) {
		long long last = first + SCAN_BLOCK - 1;

		if (last > scan.exists)
			last = scan.exists;
		imap_allow(session, answer_ms, SCAN_BYTES);
		if (imap_run(session, take_message, &scan,
			     "FETCH %lld:%lld (UID INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER.FIELDS"
			     " (MESSAGE-ID DATE FROM TO SUBJECT)])",
			     first, last))
			return imap_error(session, error);
		if (scan.result < 0)
			return scan.result;
	}
	return check_scan(&scan, error);
}

int imap_scan(struct session *session, const char *mailbox, int answer_ms, struct messages *ret,
	      struct error *error)
{
	_cleanup_free_ char *quoted = imap_quote(mailbox);
	int result = -EPROTO;

	if (!quoted)
		return error_set(error, EINVAL, "no way to write its name");
	/* Its owner may delete what is being listed. */
	for (int i = 0; i < SCANS && (result == -EPROTO || result == -ENOENT); i++) {
		messages_free(ret);
		result = scan_once(session, quoted, answer_ms, ret, error);
	}
	return result;
}

struct some {
	struct message **wanted;
	size_t count;
	int answer_ms;
	int (*take)(void *context, struct message *message, const struct fetched *fetched);
	void *context;
	uint64_t bytes; /* what is still to come */
	int result;
};

/* Sizes are not always true: there is room for the largest message. */
static void allow_some(struct session *session, const struct some *some)
{
	imap_allow(session, some->answer_ms, some->bytes);
	session->stream.total_limit = some->bytes + MESSAGE_SIZE_MAX;
}

static void take_body(struct session *session, const struct imap_response *response, void *context)
{
	struct some *some = context;
	struct fetched fetched;

	if (some->result < 0 || !words_fetch(response, &fetched) || !fetched.has_body)
		return;
	for (size_t i = 0; i < some->count; i++) {
		struct message *message = some->wanted[i];

		if (!message || message->number != fetched.uid)
			continue;
		some->wanted[i] = NULL; /* once */
		some->result = some->take(some->context, message, &fetched);
		some->bytes -= message->size < some->bytes ? message->size : some->bytes;
		allow_some(session, some); /* what became of it here is not the server's time */
		return;
	}
}

int imap_fetch_some(struct session *session, struct message **wanted, size_t count, int answer_ms,
		    int (*take)(void *context, struct message *message,
				const struct fetched *fetched),
		    void *context, struct error *error)
{
	struct some some = {wanted, count, answer_ms, take, context, 0, 0};
	_cleanup_(buffer_free) struct buffer set = BUFFER_INIT;

	for (size_t i = 0; i < count; i++) {
		buffer_addf(&set, "%s%u", i ? "," : "", wanted[i]->number);
		some.bytes += wanted[i]->size;
	}
	allow_some(session, &some);
	if (imap_run(session, take_body, &some, "UID FETCH %s (UID FLAGS INTERNALDATE BODY.PEEK[])",
		     buffer_text(&set)))
		return some.result < 0 ? some.result : imap_error(session, error);
	return some.result;
}
