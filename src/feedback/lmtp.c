// SPDX-License-Identifier: GPL-3.0-or-later
#include "feedback/lmtp.h"

#include <string.h>

static void say(struct lmtp *lmtp, const char *text)
{
	buffer_add_text(&lmtp->answer, text);
	buffer_add_text(&lmtp->answer, "\r\n");
}

static void forget_message(struct lmtp *lmtp)
{
	lmtp->sender = lmtp->data = lmtp->too_long = false;
	lmtp->recipients = 0;
	buffer_reset(&lmtp->message);
}

static void greet(struct lmtp *lmtp)
{
	forget_message(lmtp);
	lmtp->greeted = true;
	say(lmtp, "250-localhost");
	say(lmtp, "250-PIPELINING");
	say(lmtp, "250-ENHANCEDSTATUSCODES");
	say(lmtp, "250 8BITMIME");
}

static void take_sender(struct lmtp *lmtp)
{
	if (!lmtp->greeted || lmtp->sender) {
		say(lmtp, "503 5.5.1 out of order");
		return;
	}
	lmtp->sender = true;
	say(lmtp, "250 2.1.0 go on");
}

static void take_recipient(struct lmtp *lmtp)
{
	if (!lmtp->sender) {
		say(lmtp, "503 5.5.1 out of order");
	} else if (lmtp->recipients >= LMTP_RECIPIENTS) {
		say(lmtp, "452 4.5.3 too many recipients");
	} else {
		lmtp->recipients++;
		say(lmtp, "250 2.1.5 go on");
	}
}

static void begin_data(struct lmtp *lmtp)
{
	if (!lmtp->recipients) {
		say(lmtp, "503 5.5.1 no recipients");
		return;
	}
	lmtp->data = true;
	say(lmtp, "354 go on");
}

static void quit(struct lmtp *lmtp)
{
	say(lmtp, "221 2.0.0 done");
	lmtp->ended = true;
}

static void reset(struct lmtp *lmtp)
{
	forget_message(lmtp);
	say(lmtp, "250 2.0.0 forgotten");
}

static void do_nothing(struct lmtp *lmtp)
{
	say(lmtp, "250 2.0.0 done");
}

static const struct {
	struct slice word;
	void (*answer)(struct lmtp *lmtp);
} commands[] = {
    {SLICE("LHLO "), greet},
    {SLICE("MAIL FROM:"), take_sender},
    {SLICE("RCPT TO:"), take_recipient},
    {SLICE("DATA"), begin_data},
    {SLICE("QUIT"), quit},
    {SLICE("RSET"), reset},
    {SLICE("NOOP"), do_nothing},
};

static void take_command(struct lmtp *lmtp, struct slice line)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		struct slice begin = {line.at, commands[i].word.size};

		if (line.size >= begin.size && slice_equal_case(begin, commands[i].word)) {
			commands[i].answer(lmtp);
			return;
		}
	}
	say(lmtp, "500 5.5.2 not understood");
}

/* One answer for each recipient (RFC 2033 section 4.2). */
static void end_data(struct lmtp *lmtp)
{
	struct slice message = {buffer_text(&lmtp->message), lmtp->message.size};
	unsigned recipients = lmtp->recipients;
	bool taken = !lmtp->message.failed && lmtp->take(lmtp->context, message);

	for (unsigned i = 0; i < recipients; i++)
		say(lmtp, taken ? "250 2.0.0 read" : "451 4.3.0 cannot be kept now");
	forget_message(lmtp);
}

static void take_text(struct lmtp *lmtp, struct slice line)
{
	if (slice_equal(line, SLICE("."))) {
		end_data(lmtp);
		return;
	}
	slice_skip(&line, SLICE("."));
	if (lmtp->message.size + line.size + 1 > LMTP_MESSAGE)
		return;
	buffer_add(&lmtp->message, line.at, line.size);
	buffer_add_char(&lmtp->message, '\n');
}

static void take_line(struct lmtp *lmtp)
{
	struct slice line = {buffer_text(&lmtp->line), lmtp->line.size};

	if (line.size && line.at[line.size - 1] == '\r')
		line.size--;
	if (lmtp->data)
		take_text(lmtp, line);
	else if (lmtp->too_long)
		say(lmtp, "500 5.5.2 too long");
	else
		take_command(lmtp, line);
	lmtp->too_long = false;
	buffer_reset(&lmtp->line);
}

/* What is too long for a line is kept as far as there is room: of a message it would be no line of
 * a report. */
static void add(struct lmtp *lmtp, const char *bytes, size_t size)
{
	size_t limit = lmtp->data ? LMTP_MESSAGE : LMTP_LINE;
	size_t room = lmtp->line.size < limit ? limit - lmtp->line.size : 0;

	if (size > room)
		lmtp->too_long = true;
	buffer_add(&lmtp->line, bytes, size < room ? size : room);
}

void lmtp_begin(struct lmtp *lmtp, bool (*take)(void *context, struct slice message), void *context)
{
	*lmtp = (struct lmtp){.take = take, .context = context};
	say(lmtp, "220 localhost LMTP");
}

void lmtp_feed(struct lmtp *lmtp, const char *bytes, size_t size)
{
	while (size && !lmtp->ended) {
		const char *feed = memchr(bytes, '\n', size);
		size_t length = feed ? (size_t)(feed - bytes) : size;

		add(lmtp, bytes, length);
		if (feed) {
			take_line(lmtp);
			length++;
		}
		bytes += length;
		size -= length;
	}
}

void lmtp_clear(struct lmtp *lmtp)
{
	buffer_free(&lmtp->answer);
	buffer_free(&lmtp->line);
	buffer_free(&lmtp->message);
}
